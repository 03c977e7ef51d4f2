"""Photos, their answers, and scores."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from geoguess_cli.errors import UploadError
from geoguess_cli.serve import drawings
from geoguess_cli.serve.records import GuessScores, PhotoRecord, PlaceRecord, photo_record
from geoguess_cli.serve.routing import PHOTOS_PATH, Kept, PhotoId, Served, drawn, result

router = APIRouter(prefix=PHOTOS_PATH)


@router.post(
    "",
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
    service: Served,
    request: Request,
    name: Annotated[str, Query(description="A name for the photo.")] = "photo",
) -> PhotoRecord:
    """Answer the photo in the body of the request."""
    with service.admitted():
        content = await _body(request, service.limits.upload_seconds)
        photo = await result(lambda: service.submit(content, name))
    return photo_record(service, photo)


@router.get("/{id}", summary="A photo's answer", tags=["photos"])
async def get_photo(service: Served, photo: Kept) -> PhotoRecord:
    """The answer again."""
    return photo_record(service, photo)


@router.delete("/{id}", status_code=204, summary="Forget a photo", tags=["photos"])
async def forget_photo(service: Served, photo_id: PhotoId) -> None:
    """Forget the photo, if the server still keeps it."""
    service.photos.forget(photo_id)


@router.get(
    "/{id}/preview.jpg",
    summary="The photo, upright, without its metadata",
    tags=["photos"],
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
async def preview(photo: Kept) -> Response:
    """The preview of the photo."""
    return Response(photo.preview, media_type="image/jpeg")


@router.get(
    "/{id}/neighbours/{rank}.jpg",
    summary="A training photo that the photo resembles",
    description="The answer is 404 if the training photo is not on the server's machine.",
    tags=["photos"],
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
async def neighbour(
    service: Served,
    photo: Kept,
    rank: Annotated[int, Path(ge=1, description="1 for the most similar.")],
) -> Response:
    """The training photo, small and upright."""
    content = await drawn(service, lambda: drawings.neighbour_jpeg(photo, service, rank))
    return Response(content, media_type="image/jpeg")


@router.put("/{id}/truth", summary="Say where a photo was taken", tags=["scores"])
async def set_truth(service: Served, photo: Kept, place: PlaceRecord) -> PhotoRecord:
    """Store the true place of the photo."""
    service.set_truth(photo, place.point)
    return photo_record(service, photo)


@router.post(
    "/{id}/score",
    summary="Score a person's place and the model's",
    description="The answer is 422 if the true place is not known: set it first.",
    tags=["scores"],
)
async def score(service: Served, photo: Kept, place: PlaceRecord) -> GuessScores:
    """Score a person's place and the point estimate against the truth."""
    return GuessScores(
        person=service.score(photo, place.point),
        model=service.score(photo, photo.map.estimate),
        truth=PlaceRecord.of(service.truth(photo)),
    )


async def _body(request: Request, seconds: float) -> bytes:
    """The body of a request, in memory only; `Guard` limits its size."""
    content = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                content += chunk
    except TimeoutError as error:
        raise UploadError(
            f"the photo did not arrive within {seconds:g} s; send a smaller file"
        ) from error
    return bytes(content)
