"""What all routes share: the service, the photo that a path names, and waiting for the worker."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from geoguess_cli.serve.service import Service
from geoguess_cli.serve.store import KeptPhoto

PHOTOS_PATH = "/api/photos"

MEDIA = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "geojson": "application/geo+json",
}
"""The media type of each file ending."""

_Result = TypeVar("_Result")


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]


PhotoId = Annotated[str, Path(alias="id", max_length=64)]


async def _photo(service: Served, photo_id: PhotoId) -> KeptPhoto:
    return service.photos.get(photo_id)


Kept = Annotated[KeptPhoto, Depends(_photo)]
"""The photo that a path names by its `id`."""


async def result(submit: "Callable[[], Future[_Result]]") -> _Result:
    """The result of a job that is handed to the worker."""
    return await asyncio.wrap_future(submit())


async def drawn(service: Service, draw: Callable[[], _Result]) -> _Result:
    """The result of `draw`, called in the thread of the worker."""
    return await result(lambda: service.draw(draw))


def media_response(ending: str) -> "dict[int | str, dict[str, dict[str, dict[str, str]]]]":
    """The entry of /openapi.json for an answer that is a file of this kind."""
    return {200: {"content": {MEDIA[ending].partition(";")[0]: {}}}}


def download(content: bytes, photo: KeptPhoto, ending: str) -> Response:
    """A file to download, named after the photo.

    Args:
        content: The file.
        photo: The photo that it belongs to.
        ending: The end of its name, such as "map.png".
    """
    stem = photo.name.rpartition(".")[0] or photo.name
    disposition = f"attachment; filename*=UTF-8''{quote(f'{stem}-{ending}', safe='')}"
    return Response(
        content,
        media_type=MEDIA[ending.rpartition(".")[2]],
        headers={"Content-Disposition": disposition},
    )


def add_file(
    router: APIRouter, name: str, draw: Callable[[KeptPhoto], bytes], **route: Any
) -> None:
    """Add the route of a file that is drawn from a photo.

    Args:
        router: Receives the route.
        name: The end of its path and of the file's name, such as "map.png".
        draw: Gives the content of the file.
        route: The summary and the tags of the route.
    """

    @router.get(
        f"{PHOTOS_PATH}/{{id}}/{name}",
        name=name.replace(".", "_"),
        response_class=Response,
        responses=media_response(name.rpartition(".")[2]),
        **route,
    )
    async def file(service: Served, photo: Kept) -> Response:
        """A file to download, named after the photo."""
        return download(await drawn(service, lambda: draw(photo)), photo, name)
