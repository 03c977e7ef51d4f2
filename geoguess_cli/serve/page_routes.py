"""The page and the files that it loads."""

from functools import cache
from importlib import resources

from fastapi import APIRouter
from fastapi.responses import Response

from geoguess_cli import __version__
from geoguess_cli.errors import MissingFileError
from geoguess_cli.maps.interactive.figures import TIP_STYLES
from geoguess_cli.maps.interactive.html import assets
from geoguess_cli.serve.routing import MEDIA
from geoguess_cli.serve.security import new_nonce, page_policy

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> Response:
    """The page, with a nonce of its own."""
    nonce = new_nonce()
    html = _page_files()["index.html"].replace(b"{{nonce}}", nonce.encode())
    return Response(
        html.replace(b"{{version}}", __version__.encode()),
        media_type=MEDIA["html"],
        headers={"Content-Security-Policy": page_policy(nonce, TIP_STYLES)},
    )


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """A script, a style sheet or a picture of the page."""
    if name not in _page_files() or name.endswith(".html"):
        raise MissingFileError(f"no file {name[:40]} here")
    # The browser must ask each time: a newer geoguess must not meet an older page.
    return _file(name, _page_files()[name], "no-cache")


@router.get("/map/{version}/{name}")
async def map_asset(version: str, name: str) -> Response:
    """A file that interactive maps need; a version never changes its files."""
    if version != __version__ or name not in _map_files():
        raise MissingFileError(f"no file {name[:40]} here")
    return _file(name, _map_files()[name], "public, max-age=31536000, immutable")


def _file(name: str, content: bytes | str, caching: str) -> Response:
    media = MEDIA[name.rpartition(".")[2]]
    return Response(content, media_type=media, headers={"Cache-Control": caching})


@cache
def _page_files() -> dict[str, bytes]:
    folder = resources.files("geoguess_cli.serve").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir()}


_map_files = cache(assets)
