"""The HTTP application of a service: its routes, its guard, and its refusals."""

from collections.abc import Collection

from fastapi import FastAPI

from geoguess_cli import __version__
from geoguess_cli.serve import map_routes, occlusion_routes, page_routes, photo_routes
from geoguess_cli.serve.drawings import drop_colors, drop_ticks
from geoguess_cli.serve.problems import RESPONSES, add_problems
from geoguess_cli.serve.records import ModelRecord
from geoguess_cli.serve.routing import PHOTOS_PATH
from geoguess_cli.serve.security import Guard
from geoguess_cli.serve.service import Service

DESCRIPTION = """\
Send a photo as the body of a request, one photo per request; the answer comes at once:

    curl --data-binary @photo.jpg 'http://127.0.0.1:8000/api/photos?name=photo.jpg'

The server keeps the last few photos in memory and never writes them to disk. Every refusal is one
sentence: `{"error": "…"}`.
"""


def create_app(service: Service, *, names: Collection[str] = ()) -> FastAPI:
    """The application that a server runs.

    Args:
        service: The service that answers; it outlives the application.
        names: Names of the server besides addresses and localhost, in lower case.
    """
    app = FastAPI(
        title="geoguess",
        version=__version__,
        summary="Where was this photo taken?",
        description=DESCRIPTION,
        docs_url=None,  # both pages load scripts from elsewhere
        redoc_url=None,
        responses=RESPONSES,
    )
    app.state.service = service
    upload_bytes = service.limits.upload_bytes
    app.add_middleware(Guard, names=names, upload_path=PHOTOS_PATH, upload_bytes=upload_bytes)
    _add_model(app, service)
    for routes in (page_routes, photo_routes, map_routes, occlusion_routes):
        app.include_router(routes.router)
    add_problems(app)
    return app


def _add_model(app: FastAPI, service: Service) -> None:
    model = ModelRecord(
        version=__version__,
        identity=service.predictor.identity(),
        limits=service.limits,
        drop_colors=drop_colors(),
        drop_ticks=drop_ticks(),
        resize=service.predictor.spec.resize,
    )

    @app.get("/api/model", summary="The model and the limits of the server", tags=["model"])
    async def describe() -> ModelRecord:
        return model
