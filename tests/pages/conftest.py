"""A headless Chromium for the tests of pages, and a record of all that a page does in it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_MS = 60_000  # the machines that test are slow


@dataclass
class Visit:
    """One page in the browser, and what it asked for and complained of since it was opened.

    Attributes:
        page: Playwright's page.
        home: What an address must start with to count as the page's own.
        requests: Addresses asked for, but those that carry their own content (data:, blob:).
        complaints: Errors and warnings of the console, and exceptions that nothing caught.
    """

    page: Any
    home: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests that leave the page's own file or server."""
        return [url for url in self.requests if not url.startswith(self.home)]

    @property
    def overflow_px(self) -> int:
        """How far the page reaches over the right edge of the window, in pixels."""
        # A phone widens its window to what overflows: compare with the window asked for.
        reach = self.page.evaluate("document.documentElement.scrollWidth")
        return int(reach - self.page.viewport_size["width"])

    def check_clean(self) -> None:
        """Fail where the page asked for anything of others, or complained."""
        assert self.foreign == []
        assert self.complaints == []


Open = Callable[..., Visit]
"""Opens a file or an address: `visit(path, width=375, height=812, dark=True, touch=True)`."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium that is already on the machine; without one the test is skipped."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the path")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """The function that opens pages, each in a context of its own; they close with the test."""
    contexts = []

    def open_page(
        target: Path | str,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        touch: bool = False,
    ) -> Visit:
        url = target.resolve().as_uri() if isinstance(target, Path) else target
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            is_mobile=touch,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        parts = urlsplit(url)
        seen = Visit(page, url if parts.scheme == "file" else f"{parts.scheme}://{parts.netloc}/")
        page.on("request", lambda request: _note(seen, request.url))
        page.on("console", lambda message: _listen(seen, message))
        page.on("pageerror", lambda error: seen.complaints.append(f"uncaught: {error}"))
        page.goto(url, wait_until="load")
        return seen

    yield open_page
    for context in contexts:
        context.close()


def _note(seen: Visit, url: str) -> None:
    if not url.startswith(("data:", "blob:")):
        seen.requests.append(url)


def _listen(seen: Visit, message: Any) -> None:
    if message.type in ("error", "warning"):
        seen.complaints.append(f"{message.type}: {message.text}")
