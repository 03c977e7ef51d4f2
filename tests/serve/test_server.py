"""A real socket: addresses, refusals that arrive, clients that go away."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from gates import WAIT_SECONDS, Gate, until

from geoguess_cli.errors import ConfigError
from geoguess_cli.serve.server import address_of, is_loopback, listening_socket
from geoguess_cli.serve.service import Limits, Service

MB = 1_000_000


@pytest.fixture
def port(service: Service, serving: Any) -> Iterator[int]:
    """The port of a server of the service of these tests."""
    with serving(service) as found:
        yield found


def post(port: int, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
    with contextlib.closing(connection):
        connection.request("POST", "/api/photos", body=body, headers=headers or {})
        result = connection.getresponse()
        return result.status, json.loads(result.read())


class Zeros:
    """A file of that many zero bytes, that takes no room; it counts what was read of it."""

    def __init__(self, size: int) -> None:
        self.size, self.given = size, 0

    def read(self, most: int) -> bytes:
        part = bytes(min(most, self.size - self.given))
        self.given += len(part)
        return part


def test_a_photo_over_a_socket(port: int, colored_photo: Any) -> None:
    status, answer = post(port, colored_photo("Austin"))
    assert status == 201
    assert answer["guesses"][0]["region"] == "Texas"


def test_a_file_of_200_mb_is_refused_and_the_refusal_arrives(port: int) -> None:
    body = Zeros(200 * MB)
    status, result = post(port, body, {"Content-Length": str(body.size)})
    assert status == 413
    assert result == {"error": "the file has 200 MB; the limit is 100 kB; send a smaller file"}


def test_200_mb_in_chunks_are_refused_too(port: int) -> None:
    body = Zeros(200 * MB)
    status, result = post(port, iter(lambda: body.read(MB), b""))
    assert status == 413
    assert "100 kB" in result["error"]


def test_who_asks_before_sending_is_answered_before_sending(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as client:
        client.sendall(
            b"POST /api/photos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000000\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 413")


def test_who_sends_too_slowly_is_let_go(color_predictor: Any, serving: Any) -> None:
    service = Service(color_predictor, Limits(upload_seconds=0.3))
    request = b"POST /api/photos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nabc"
    with (
        service,
        serving(service) as port,
        socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as client,
    ):
        client.sendall(request)
        result = b""
        while b"0.3 s" not in result and (more := client.recv(4000)):
            result += more  # head and body may come one after the other
    assert result.startswith(b"HTTP/1.1 413")
    assert b"0.3 s" in result


def test_who_goes_away_frees_the_worker(
    port: int, service: Service, colored_photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, answer = post(port, colored_photo("Austin"))
    gate = Gate(service, monkeypatch)
    gate.let(1)
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as client:
        path = f"/api/photos/{answer['id']}/occlusion?window=4&stride=1"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        seen = b""
        while b'"windows":841' not in seen:
            seen += client.recv(65536)
    (job,) = gate.jobs
    until(lambda: job.cancelled)
    gate.open()
    until(lambda: job.finished)
    assert gate.passed <= 2
    assert service.photos.get(answer["id"]).occlusion is None


def test_ten_at_once_are_answered_or_refused_with_a_sentence(port: int, colored_photo: Any) -> None:
    result: list[tuple[int, Any]] = []
    threads = [
        threading.Thread(target=lambda: result.append(post(port, colored_photo("Boise"))))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(result) == 10
    assert {status for status, _ in result} <= {201, 503}
    assert any(status == 201 for status, _ in result)
    for status, body in result:
        assert ("busy" in body["error"]) if status == 503 else ("guesses" in body)


def test_a_port_that_is_taken() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}: .*--port"):
            listening_socket("127.0.0.1", port)
    with pytest.raises(ConfigError, match="--host"):
        listening_socket("203.0.113.1", 0)


def test_addresses_as_a_browser_takes_them() -> None:
    with listening_socket("127.0.0.1", 0) as one:
        port = one.getsockname()[1]
        assert address_of(one, "127.0.0.1") == f"http://127.0.0.1:{port}/"
        assert address_of(one, "localhost") == f"http://localhost:{port}/"
        assert is_loopback(one)
    with listening_socket("0.0.0.0", 0) as all_of_them:
        port = all_of_them.getsockname()[1]
        assert address_of(all_of_them, "0.0.0.0") == f"http://localhost:{port}/"
        assert not is_loopback(all_of_them)
