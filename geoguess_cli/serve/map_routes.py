"""Probability maps of photos, and the map for pins."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from geoguess_cli.serve import drawings
from geoguess_cli.serve.records import Latitude, Longitude, NamedPlace, PlaceRecord
from geoguess_cli.serve.routing import PHOTOS_PATH, Kept, Served, add_file, drawn

router = APIRouter()


@router.get(
    PHOTOS_PATH + "/{id}/map",
    summary="The probability map as the page draws it",
    description="`item` is for `Bokeh.embed.embed_item`; `pin` is a person's place on the plane.",
    tags=["maps"],
)
async def map_record(
    service: Served,
    photo: Kept,
    latitude: Latitude | None = None,
    longitude: Longitude | None = None,
) -> JSONResponse:
    """The probability map for BokehJS."""
    pin = None
    if latitude is not None and longitude is not None:
        pin = PlaceRecord(latitude=latitude, longitude=longitude)
    return JSONResponse(await drawn(service, lambda: drawings.map_record(photo, pin)))


for name, summary, draw in (
    ("map.html", "The probability map as one page that needs no network", drawings.map_html),
    ("map.geojson", "The probability map as GeoJSON", drawings.map_geojson),
    ("map.png", "The probability map as a picture", drawings.map_png),
):
    add_file(router, name, draw, summary=summary, tags=["maps"])


@router.get(
    "/api/pin-map",
    summary="The cells on a map without an answer, as the page draws it",
    tags=["scores"],
)
async def pin_map(service: Served) -> JSONResponse:
    """The map for pins, for BokehJS."""
    return JSONResponse(await drawn(service, lambda: drawings.pin_map_record(service.partition)))


@router.get("/api/pin-map/place", summary="The place at a point of the pin map", tags=["scores"])
async def place_on_pin_map(
    service: Served,
    x: Annotated[float, Query(description="Kilometres to the right of the map's centre.")],
    y: Annotated[float, Query(description="Kilometres above the map's centre.")],
) -> NamedPlace:
    """The place at a point of the map for pins."""
    xy = np.array([x, y])
    return await drawn(service, lambda: drawings.place_on_pin_map(service.partition, xy))
