"""Who may ask, and what browsers are told: the guard before every request."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.maps.interactive.figures import TIP_STYLES
from geoguess_cli.serve.security import host_name, known_host, own_origin, page_policy


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "192.168.1.7:80"],
)
def test_addresses_and_localhost_are_known(host: str) -> None:
    assert known_host(host, ())


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:8000", "127.0.0.1.evil.example"),
        *("localhost.evil.example", "user@127.0.0.1", "127.0.0.1/", "127.0.0.1 evil"),
        *("127.0.0.1#", "[::1", "localhost:x:1", "localhost:"),
        "2130706433.nip.io",
    ],
)
def test_names_are_not_known_unless_told(host: str) -> None:
    assert not known_host(host, ())


def test_a_name_that_was_told_is_known() -> None:
    assert known_host("Lab.Example:8000", {"lab.example"})
    assert not known_host("lab.example.evil", {"lab.example"})


@given(st.text(max_size=40))
def test_any_text_is_a_host_or_none(text: str) -> None:
    name = host_name(text)
    assert name == name.lower()
    assert name in text.lower()
    assert not set(name) & set("@/?#% \n")


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({}, True),
        ({"origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "http://127.0.0.1:9000"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8000"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:8000"}, False),
    ],
)
def test_only_the_servers_own_page_may_send(headers: dict[str, str], own: bool) -> None:
    assert own_origin({"host": "127.0.0.1:8000", **headers}) is own


@pytest.mark.promise("alone", "`serve`: requests by other names and from other origins")
def test_the_guard_refuses_other_names_and_other_origins(client: Any) -> None:
    rebound = client.get("/api/model", headers={"Host": "evil.example"})
    assert rebound.status_code == 421
    assert "--allow-host" in rebound.json()["error"]
    sent = client.post("/api/photos", content=b"x", headers={"Origin": "http://evil.example"})
    assert sent.status_code == 403
    assert client.delete("/api/photos/x", headers={"Origin": "null"}).status_code == 403


def test_no_other_origin_may_read(client: Any) -> None:
    asked = client.options(
        "/api/photos",
        headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert asked.status_code == 405
    read = client.get("/api/model", headers={"Origin": "http://evil.example"})
    for result in (asked, read):
        assert not [name for name in result.headers if name.startswith("access-control-")]
        assert result.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/api/model", "/nowhere", "/static/page.js"])
def test_every_answer_carries_the_headers(client: Any, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert "*" not in policy
    assert "http" not in policy
    if not path.startswith("/static"):
        assert headers["cache-control"] == "no-store"


def test_the_refusals_of_the_guard_carry_them_too(client: Any) -> None:
    result = client.get("/", headers={"Host": "evil.example"})
    assert result.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_page_allows_its_own_scripts_and_styles_alone(client: Any) -> None:
    page = client.get("/")
    nonce = re.search(r'style-nonce" content="([^"]+)', page.text)
    assert nonce is not None
    assert page.headers["content-security-policy"] == page_policy(nonce[1], TIP_STYLES)
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert not re.findall(r"<script(?![^>]*src=)", page.text)
    assert not re.findall(r"\son\w+=", page.text)
