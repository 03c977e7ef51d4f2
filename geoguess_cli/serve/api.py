"""The HTTP API and the page of a service: routes that ask it, and nothing of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import Future
from importlib import resources
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import numpy as np
from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from geoguess_cli import __version__
from geoguess_cli.errors import BusyError, GeoguessError, MissingFileError, ModelError, UploadError
from geoguess_cli.maps.interactive.figures import TIP_STYLES
from geoguess_cli.maps.interactive.html import assets
from geoguess_cli.serve import drawings, records
from geoguess_cli.serve.security import Guard, new_nonce, page_policy
from geoguess_cli.serve.service import Explanation, Service
from geoguess_cli.serve.store import KeptPhoto

UPLOAD_PATH = "/api/photos"
RETRY_AFTER_SECONDS = 2
LOOK_SECONDS = 0.1
"""How often an occlusion map in the making is looked at."""
STILL_HERE_SECONDS = 5.0
"""A line at least this often tells the client that the server works, and the server that the
client still listens."""

_STATUS = {UploadError: 413, BusyError: 503, MissingFileError: 404, ModelError: 500}
_MEDIA = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": records.Problem, "description": text}
    for status, text in {
        404: "The photo is not kept, or not any more.",
        413: "The file is too large.",
        422: "What was sent makes no sense here; the sentence says why.",
        503: "The server is busy; `Retry-After` says when to ask again.",
    }.items()
}

_Result = TypeVar("_Result")
PhotoId = Annotated[str, Path(alias="id", max_length=64)]


def create_app(service: Service, *, names: Collection[str] = ()) -> FastAPI:
    """The application that a server runs.

    Args:
        service: What answers; it outlives the application.
        names: Names of the server besides addresses and localhost, in lower case.
    """
    app = FastAPI(
        title="geoguess",
        version=__version__,
        summary="Where was this photo taken?",
        description=_DESCRIPTION,
        docs_url=None,  # both load from elsewhere
        redoc_url=None,
        responses=_PROBLEMS,
    )
    app.add_middleware(
        Guard,
        names=names,
        upload_path=UPLOAD_PATH,
        upload_bytes=service.limits.upload_bytes,
    )
    _add_page(app)
    _add_photos(app, service)
    _add_drawings(app, service)
    _add_occlusion(app, service)
    app.add_exception_handler(GeoguessError, _told)
    app.add_exception_handler(RequestValidationError, _misunderstood)
    app.add_exception_handler(HTTPException, _not_done)
    app.add_exception_handler(ClientDisconnect, _gone)
    return app


_DESCRIPTION = """\
A photo is sent as it is, one a request, and answered at once:

    curl --data-binary @photo.jpg 'http://127.0.0.1:8000/api/photos?name=photo.jpg'

Photos are kept in memory alone, the last few of them, and never written anywhere. Every refusal is
one sentence: `{"error": "…"}`.
"""


def _add_page(app: FastAPI) -> None:
    files = _page_files()
    map_files = assets()

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        nonce = new_nonce()
        html = files["index.html"].replace(b"{{nonce}}", nonce.encode())
        html = html.replace(b"{{version}}", __version__.encode())
        return Response(
            html,
            media_type=_MEDIA["html"],
            headers={"Content-Security-Policy": page_policy(nonce, TIP_STYLES)},
        )

    @app.get("/static/{name}", include_in_schema=False)
    async def static(name: str) -> Response:
        if name not in files or name.endswith(".html"):
            raise MissingFileError(f"no file {name[:40]} here")
        # Asked again each time: a newer geoguess must not meet an older page.
        return Response(
            files[name],
            media_type=_MEDIA[name.rpartition(".")[2]],
            headers={"Cache-Control": "no-cache"},
        )

    @app.get("/map/{version}/{name}", include_in_schema=False)
    async def asset(version: str, name: str) -> Response:
        if version != __version__ or name not in map_files:
            raise MissingFileError(f"no file {name[:40]} here")
        return Response(
            map_files[name],
            media_type=_MEDIA[name.rpartition(".")[2]],
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )


def _add_photos(app: FastAPI, service: Service) -> None:
    model = records.Model(
        version=__version__,
        identity=service.predictor.identity(),
        limits=service.limits,
        drop_colors=drawings.drop_colors(),
        drop_ticks=drawings.drop_ticks(),
        resize=service.predictor.spec.resize,
    )

    @app.get("/api/model", summary="The model and the limits of the server", tags=["model"])
    async def describe() -> records.Model:
        return model

    @app.post(
        UPLOAD_PATH,
        status_code=201,
        summary="Answer a photo and keep it",
        tags=["photos"],
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "The photo file itself: JPEG, PNG, WebP, TIFF, …",
                "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def add_photo(
        request: Request, name: Annotated[str, Query(description="What to call it.")] = "photo"
    ) -> records.Photo:
        with service.admitted():
            content = await _body(request, service.limits.upload_seconds)
            photo = await _result(lambda: service.submit(content, name))
        return records.photo_record(service, photo)

    @app.get(UPLOAD_PATH + "/{id}", summary="A photo's answer", tags=["photos"])
    async def get_photo(photo_id: PhotoId) -> records.Photo:
        return records.photo_record(service, service.photos.get(photo_id))

    @app.delete(UPLOAD_PATH + "/{id}", status_code=204, summary="Forget a photo", tags=["photos"])
    async def forget_photo(photo_id: PhotoId) -> None:
        service.photos.forget(photo_id)

    @app.get(
        UPLOAD_PATH + "/{id}/preview.jpg",
        summary="The photo, upright, without its metadata",
        tags=["photos"],
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}},
    )
    async def preview(photo_id: PhotoId) -> Response:
        return Response(service.photos.get(photo_id).preview, media_type="image/jpeg")

    @app.put(UPLOAD_PATH + "/{id}/truth", summary="Say where a photo was taken", tags=["scores"])
    async def set_truth(photo_id: PhotoId, spot: records.Spot) -> records.Photo:
        photo = service.photos.get(photo_id)
        service.set_truth(photo, spot.point)
        return records.photo_record(service, photo)

    @app.post(
        UPLOAD_PATH + "/{id}/score",
        summary="Score a person's place and the model's",
        description="422 where the truth is not known: put it first.",
        tags=["scores"],
    )
    async def score(photo_id: PhotoId, spot: records.Spot) -> records.Scores:
        photo = service.photos.get(photo_id)
        return records.Scores(
            person=service.score(photo, spot.point),
            model=service.score(photo, photo.shown.estimate),
            truth=records.Spot.of(service.truth(photo)),
        )


def _add_drawings(app: FastAPI, service: Service) -> None:
    @app.get(
        UPLOAD_PATH + "/{id}/map",
        summary="The probability map as the page draws it",
        description="`item` is for `Bokeh.embed.embed_item`; a `pin` is a person's place.",
        tags=["maps"],
    )
    async def map_record(
        photo_id: PhotoId,
        latitude: records.Latitude | None = None,
        longitude: records.Longitude | None = None,
    ) -> JSONResponse:
        pin = None
        if latitude is not None and longitude is not None:
            pin = records.Spot(latitude=latitude, longitude=longitude)
        return JSONResponse(await drawn(photo_id, lambda photo: drawings.map_record(photo, pin)))

    @app.get(
        UPLOAD_PATH + "/{id}/map.html",
        summary="The probability map as one page that needs no network",
        tags=["maps"],
        response_class=Response,
        responses={200: {"content": {"text/html": {}}}},
    )
    async def map_html(photo_id: PhotoId) -> Response:
        return await file(photo_id, drawings.map_html, "map.html", _MEDIA["html"])

    @app.get(
        UPLOAD_PATH + "/{id}/map.geojson",
        summary="The probability map as GeoJSON",
        tags=["maps"],
        response_class=Response,
        responses={200: {"content": {"application/geo+json": {}}}},
    )
    async def map_geojson(photo_id: PhotoId) -> Response:
        return await file(photo_id, drawings.map_geojson, "map.geojson", "application/geo+json")

    @app.get(
        UPLOAD_PATH + "/{id}/map.png",
        summary="The probability map as a picture",
        tags=["maps"],
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
    )
    async def map_png(photo_id: PhotoId) -> Response:
        return await file(photo_id, drawings.map_png, "map.png", "image/png")

    @app.get(
        UPLOAD_PATH + "/{id}/occlusion.png",
        summary="The last occlusion map of a photo as a figure",
        tags=["occlusion"],
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}},
    )
    async def occlusion_png(photo_id: PhotoId) -> Response:
        def draw(photo: KeptPhoto) -> bytes:
            return drawings.occlusion_png(photo, service)

        return await file(photo_id, draw, "occlusion.png", "image/png")

    @app.get(
        "/api/pin-map",
        summary="The cells on a map without an answer, as the page draws it",
        tags=["scores"],
    )
    async def pin_map() -> JSONResponse:
        return JSONResponse(
            await _result(lambda: service.draw(lambda: drawings.pin_map_record(service.partition)))
        )

    @app.get(
        "/api/pin-map/place",
        summary="The place at a point of the pin map",
        tags=["scores"],
    )
    async def place_on_pin_map(
        x: Annotated[float, Query(description="Kilometres right of the map's middle.")],
        y: Annotated[float, Query(description="Kilometres above it.")],
    ) -> records.Named:
        xy = np.array([x, y])
        return await _result(
            lambda: service.draw(lambda: drawings.place_on_pin_map(service.partition, xy))
        )

    async def drawn(photo_id: str, draw: Callable[[KeptPhoto], _Result]) -> _Result:
        photo = service.photos.get(photo_id)
        return await _result(lambda: service.draw(lambda: draw(photo)))

    async def file(
        photo_id: str, draw: Callable[[KeptPhoto], bytes], ending: str, media: str
    ) -> Response:
        photo = service.photos.get(photo_id)
        content = await drawn(photo_id, draw)
        stem = photo.name.rpartition(".")[0] or photo.name
        disposition = f"attachment; filename*=UTF-8''{quote(f'{stem}-{ending}', safe='')}"
        return Response(content, media_type=media, headers={"Content-Disposition": disposition})


def _add_occlusion(app: FastAPI, service: Service) -> None:
    @app.get(
        UPLOAD_PATH + "/{id}/occlusion",
        summary="The occlusion map of a photo, as it fills in",
        description="JSON lines, each a `Progress`; the last has `finished`. Going away ends it.",
        tags=["occlusion"],
        response_class=StreamingResponse,
        responses={
            200: {
                "model": records.Progress,
                "description": "One line after each batch of windows.",
                "content": {"application/x-ndjson": {}},
            }
        },
    )
    async def occlusion(
        photo_id: PhotoId,
        target: Annotated[
            str, Query(max_length=16, description="`top`, `truth`, or a token: what is followed.")
        ] = "top",
        window: Annotated[int, Query(ge=0, description="In pixels; 0 chooses.")] = 0,
        stride: Annotated[int, Query(ge=0, description="In pixels; 0 chooses.")] = 0,
    ) -> StreamingResponse:
        photo = service.photos.get(photo_id)
        explanation = service.explain(photo, target, window=window, stride=stride)
        return StreamingResponse(_lines(explanation), media_type="application/x-ndjson")


async def _lines(explanation: Explanation) -> AsyncIterator[str]:
    """A line whenever there is more to see; the worker is free as soon as nobody reads on."""
    clock = asyncio.get_running_loop().time
    shown, last = None, 0.0
    try:
        while True:
            finished = explanation.finished  # before the rest is looked at
            late = clock() - last > STILL_HERE_SECONDS
            if finished or late or explanation.latest is not shown:
                shown, last = explanation.latest, clock()
                yield drawings.progress(explanation).model_dump_json() + "\n"
            if finished:
                assert explanation.job is not None
                await asyncio.wrap_future(explanation.job)  # a bug keeps its traceback
                return
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        explanation.cancel()


async def _body(request: Request, seconds: float) -> bytes:
    """The body of a request, in memory alone; `Guard` bounds its size."""
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                content += chunk
    except TimeoutError as error:
        raise UploadError(f"the photo took longer than {seconds:g} s to arrive") from error
    return bytes(content)


async def _result(submit: Callable[[], "Future[_Result]"]) -> _Result:
    return await asyncio.wrap_future(submit())


def _page_files() -> dict[str, bytes]:
    folder = resources.files("geoguess_cli.serve").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def _told(_: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 422)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
    return _problem(status, " ".join(str(error).split()), headers)


async def _misunderstood(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return _problem(422, f"{where}: {first['msg']}")


async def _not_done(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _problem(error.status_code, str(error.detail), error.headers)


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


def _problem(status: int, sentence: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)
