"""The record of a page must miss nothing: every other test of a page trusts it."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

QUIET = "<!doctype html><title>quiet</title><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"


def write(folder: Path, body: str) -> Path:
    path = folder / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{body}", encoding="utf-8")
    return path


def test_a_page_that_keeps_to_itself_is_clean(visit, tmp_path: Path) -> None:
    seen = visit(write(tmp_path, QUIET))
    seen.check_clean()
    assert len(seen.requests) == 1
    assert seen.overflow_px == 0


@pytest.mark.parametrize(
    "body",
    [
        "<script src='https://example.org/a.js'></script>",
        "<img src='neighbour.png'>",
        "<script>fetch('http://127.0.0.1:9/').catch(() => 0)</script>",
        "<link rel=stylesheet href='//example.org/a.css'>",
    ],
)
def test_a_request_that_leaves_the_page_is_seen(visit, tmp_path: Path, body: str) -> None:
    seen = visit(write(tmp_path, body))
    assert len(seen.foreign) == 1
    with pytest.raises(AssertionError):
        seen.check_clean()


@pytest.mark.parametrize("body", ["console.error('no')", "console.warn('no')", "null.x"])
def test_a_complaint_is_heard(visit, tmp_path: Path, body: str) -> None:
    seen = visit(write(tmp_path, f"<script>{body}</script>"))
    assert len(seen.complaints) == 1
    with pytest.raises(AssertionError):
        seen.check_clean()


def test_the_window_is_what_was_asked_for(visit, tmp_path: Path) -> None:
    wide = "<meta name=viewport content='width=device-width'><p style='width:400px'>wide"
    seen = visit(write(tmp_path, wide), width=375, height=812, dark=True, touch=True)
    assert seen.page.viewport_size == {"width": 375, "height": 812}
    assert seen.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert seen.overflow_px > 20


def test_a_server_is_at_home_at_its_own_address(visit, tmp_path: Path) -> None:
    write(tmp_path, "<script src='own.js'></script><script src='http://127.0.0.1:9/a.js'></script>")
    (tmp_path / "own.js").write_text("document.title = 'ran'")
    handler = functools.partial(_Silent, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        seen = visit(f"http://127.0.0.1:{server.server_port}/page.html")
        server.shutdown()
        thread.join()
    assert seen.page.title() == "ran"
    assert seen.foreign == ["http://127.0.0.1:9/a.js"]


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
