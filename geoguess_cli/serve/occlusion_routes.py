"""Occlusion maps: as lines while they fill in, and as a figure."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from geoguess_cli.serve import drawings
from geoguess_cli.serve.records import Progress
from geoguess_cli.serve.routing import PHOTOS_PATH, Kept, Served, download, drawn, media_response
from geoguess_cli.serve.service import OcclusionJob

POLL_SECONDS = 0.1
"""Time between two looks at an occlusion map that is being computed."""

KEEP_ALIVE_SECONDS = 5.0
"""A line is sent at least this often. It tells the client that the server works, and the server
that the client still listens."""

router = APIRouter(prefix=PHOTOS_PATH, tags=["occlusion"])


@router.get(
    "/{id}/occlusion",
    summary="The occlusion map of a photo, as it fills in",
    description="JSON lines, each a `Progress`; the last one has `finished` set. "
    "Closing the connection cancels the map.",
    response_class=StreamingResponse,
    responses={
        200: {
            "model": Progress,
            "description": "One line after each batch of windows.",
            "content": {"application/x-ndjson": {}},
        }
    },
)
async def occlusion(
    service: Served,
    photo: Kept,
    target: Annotated[
        str, Query(max_length=16, description="The cell to follow: `top`, `truth`, or an S2 token.")
    ] = "top",
    window: Annotated[
        int, Query(ge=0, description="Side of a window, in pixels; 0 chooses it.")
    ] = 0,
    stride: Annotated[
        int, Query(ge=0, description="Step between windows, in pixels; 0 chooses it.")
    ] = 0,
) -> StreamingResponse:
    """Compute an occlusion map and send it as it fills in."""
    job = service.explain(photo, target, window=window, stride=stride)
    return StreamingResponse(_lines(job), media_type="application/x-ndjson")


@router.get(
    "/{id}/occlusion.png",
    summary="The last complete occlusion map of a photo as a figure",
    response_class=Response,
    responses=media_response("png"),
)
async def occlusion_png(service: Served, photo: Kept) -> Response:
    """The last complete occlusion map as a figure."""
    content = await drawn(service, lambda: drawings.occlusion_png(photo, service))
    return download(content, photo, "occlusion.png")


async def _lines(job: OcclusionJob) -> AsyncIterator[str]:
    """A line whenever the map has changed; the job is cancelled once nobody reads on."""
    clock = asyncio.get_running_loop().time
    sent, sent_at = None, 0.0
    try:
        while True:
            finished = job.finished  # read first: the map may change between the two
            late = clock() - sent_at > KEEP_ALIVE_SECONDS
            if finished or late or job.latest is not sent:
                sent, sent_at = job.latest, clock()
                yield drawings.progress(job).model_dump_json() + "\n"
            if finished:
                assert job.future is not None
                await asyncio.wrap_future(job.future)  # a bug keeps its traceback
                return
            await asyncio.sleep(POLL_SECONDS)
    finally:
        job.cancel()
