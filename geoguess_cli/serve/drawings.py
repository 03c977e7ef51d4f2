"""The maps and the occlusion map of a served photo, as bytes and as records."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.colors import to_hex
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.saving import figure_png
from geoguess_cli.errors import MissingFileError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import describe, locate
from geoguess_cli.inference.answers import neighbours_of
from geoguess_cli.maps import records
from geoguess_cli.maps.figures import probability_map_figure
from geoguess_cli.maps.interactive import figures
from geoguess_cli.maps.interactive.cells_page import cells_item, cells_plane
from geoguess_cli.maps.interactive.map_page import map_page, map_view
from geoguess_cli.maps.interactive.palette import palettes
from geoguess_cli.maps.interactive.plane import plane_of
from geoguess_cli.occlusion.explanation import Explanation
from geoguess_cli.occlusion.figures import occlusion_sheet
from geoguess_cli.occlusion.occlusion_map import OcclusionMap
from geoguess_cli.occlusion.overlay import SCALES, overlay_colors
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.serve.records import NamedPlace, PlaceRecord, Progress, Tick
from geoguess_cli.serve.service import OcclusionJob, Service
from geoguess_cli.serve.store import KeptPhoto

TICKS = (-1.0, -0.1, -0.01, 0.0, 0.01, 0.1, 1.0)

NEIGHBOUR_PIXELS = 320
"""Longer side of a training photo at most."""

COLORS = 21
"""Number of colours that describe the scale of an occlusion map."""


def map_record(photo: KeptPhoto, pin: PlaceRecord | None) -> dict[str, Any]:
    """The probability map for the page: Bokeh's item, its key, and the pin on its plane.

    Args:
        photo: A photo that is kept.
        pin: The place that a person guessed.
    """
    plane = plane_of(photo.map.extent())
    return {
        "item": figures.item(figures.map_figure(photo.map, plane=plane)),
        "view": map_view(photo.map, plane=plane),
        "palettes": palettes(),
        "pin": None if pin is None else plane.project(pin.point).tolist(),
    }


def pin_map_record(partition: Partition) -> dict[str, Any]:
    """The cells on a map without an answer, on which a person puts a pin."""
    return {"item": cells_item(partition), "palettes": palettes()}


def place_on_pin_map(partition: Partition, xy: Float[np.ndarray, "2"]) -> NamedPlace:
    """The place at a point of the map for pins, with its name.

    Args:
        partition: The cells that the map shows.
        xy: Kilometres to the right and up on the map's plane.
    """
    plane, _ = cells_plane(partition)
    latlng = plane.place(xy)
    latitude, longitude = latlng.tolist()
    place = describe(locate(latlng[None])[0])
    return NamedPlace(latitude=latitude, longitude=longitude, place=place)


def map_html(photo: KeptPhoto) -> bytes:
    """The probability map as one page that needs no network."""
    return map_page([photo.map], [decode_photo(photo.preview)]).encode()


def map_geojson(photo: KeptPhoto) -> bytes:
    """The probability map as GeoJSON."""
    return json.dumps(records.map_geojson(photo.map), ensure_ascii=False).encode()


def map_png(photo: KeptPhoto) -> bytes:
    """The probability map as a figure."""
    return figure_png(probability_map_figure(photo.map, photo=decode_photo(photo.preview)))


def neighbour_jpeg(photo: KeptPhoto, service: Service, rank: int) -> bytes:
    """A training photo that a photo resembles, small and upright.

    Args:
        photo: A photo that is kept.
        service: It knows where the training photos are.
        rank: 1 for the most similar.

    Raises:
        MissingFileError: The answer names no such photo, or the photo is not on this machine.
    """
    own, picture = neighbours_of(photo.map.answer), None
    if 1 <= rank <= len(own) and service.originals is not None:
        picture = service.originals.picture(own[rank - 1].photo, NEIGHBOUR_PIXELS)
    if picture is None:
        raise MissingFileError("this training photo is not on the server's machine")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82)
    return file.getvalue()


def occlusion_png(photo: KeptPhoto, service: Service) -> bytes:
    """The last complete occlusion map of a photo as a figure.

    Raises:
        MissingFileError: No occlusion map of the photo is complete.
    """
    if photo.occlusion is None:
        raise MissingFileError("no occlusion map of this photo is complete yet; ask for it first")
    _, occlusion_map = photo.occlusion
    resize = service.predictor.spec.resize
    explanation = Explanation(Path(photo.name), occlusion_map, None, resize=resize)
    return figure_png(occlusion_sheet([explanation], [decode_photo(photo.preview)]))


def progress(job: OcclusionJob) -> Progress:
    """The state of an occlusion map that is being computed."""
    latest, error = job.latest, job.error
    state: dict[str, Any] = {
        "token": job.token,
        "finished": job.finished,
        "error": None if error is None else " ".join(str(error).split()),
    }
    if latest is None:
        return Progress(**state, done=0, windows=0)
    return Progress(
        **state,
        done=latest.done,
        windows=latest.total,
        window=latest.window,
        stride=latest.stride,
        probability=latest.value,
        drops=_rounded(latest.window_drops),
        overlay=_overlay(latest),
    )


def drop_colors() -> list[str]:
    """The colours of the scale of an occlusion map, from -1 over 0 to 1, as `#rrggbb`."""
    return [to_hex(theme.DIVERGING(level)) for level in np.linspace(0, 1, COLORS)]


def drop_ticks() -> list[Tick]:
    """The marks of that scale and their positions."""
    norm = SCALES["probability"].norm
    return [Tick(drop=drop, at=float(norm(drop))) for drop in TICKS]


def _rounded(drops: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(d) else round(d, 5) for d in row] for row in drops.tolist()]


def _overlay(occlusion_map: OcclusionMap) -> str:
    colors = overlay_colors(occlusion_map.drop, SCALES["probability"].norm)
    image = Image.fromarray(np.rint(255 * colors).astype(np.uint8), "RGBA")
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
