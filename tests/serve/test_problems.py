"""Every refusal is a status and one sentence."""

import io
from typing import Any

import pytest
from PIL import Image

from geoguess_cli.serve.service import Service

GPS = (30.25, -97.75)


def test_what_is_no_photo_gets_a_sentence(client: Any, colored_photo: Any) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    for content in (
        b"text",
        b"",
        bomb.getvalue(),
        colored_photo("Salem", size=(400, 400))[:-400],
        b"GIF89a" + bytes(40),
        b"\x89PNG\r\n\x1a\n" + bytes(99),
        b"II*\x00" + bytes(range(256)),
    ):
        result = client.post("/api/photos", content=content)
        assert result.status_code == 422, content[:20]
        assert list(result.json()) == ["error"]


@pytest.mark.promise("input", "`serve`: an upload that is too large")
def test_a_file_that_is_too_large(client: Any) -> None:
    declared = client.post("/api/photos", content=bytes(150_000))
    assert declared.status_code == 413
    assert declared.json() == {
        "error": "the file has 150 kB; the limit is 100 kB; send a smaller file"
    }

    def chunks() -> Any:
        for _ in range(15):
            yield bytes(10_000)

    streamed = client.post("/api/photos", content=chunks())
    assert streamed.status_code == 413
    assert streamed.json() == {
        "error": "the file is too large; the limit is 100 kB; send a smaller file"
    }
    small = client.put("/api/photos/x/truth", content=bytes(20_000))
    assert small.status_code == 413


def test_a_busy_server_says_when_to_come_back(
    client: Any, posted: Any, service: Service, colored_photo: Any
) -> None:
    with service.admitted(), service.admitted():
        result = client.post("/api/photos", content=colored_photo("Salem"))
    assert result.status_code == 503
    assert result.headers["retry-after"] == "2"
    assert "try again" in result.json()["error"]
    posted(colored_photo("Salem"))


def test_what_is_not_there(client: Any) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/static/../api.py", 404),
        ("GET", "/static/%2e%2e/api.py", 404),
        ("GET", "/static/index.html", 404),
        ("GET", "/bokeh/1/bokeh.min.js", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("PATCH", "/api/model", 405),
        ("GET", "/api/photos", 405),
    ):
        result = client.request(method, path)
        assert result.status_code == status, path
        assert list(result.json()) == ["error"]
