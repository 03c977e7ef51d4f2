"""What a served photo looks like: its maps and its occlusion map, as bytes and as records."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.errors import MissingFileError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import describe, locate
from geoguess_cli.maps.figures import probability_map_figure
from geoguess_cli.maps.interactive.cells_page import cells_item, cells_plane
from geoguess_cli.maps.interactive.map_page import map_item, map_page, map_view
from geoguess_cli.maps.interactive.palette import palettes
from geoguess_cli.maps.interactive.plane import plane_of
from geoguess_cli.occlusion import explanation
from geoguess_cli.occlusion.figures import occlusion_sheet
from geoguess_cli.occlusion.occlusion_map import OcclusionMap
from geoguess_cli.occlusion.overlay import SCALES, overlay_colors
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.serve.records import Named, Progress, Spot, Tick
from geoguess_cli.serve.service import Explanation, Service
from geoguess_cli.serve.store import KeptPhoto

TICKS = (-1.0, -0.1, -0.01, 0.0, 0.01, 0.1, 1.0)
COLORS = 21
"""Colours of the scale of an occlusion map that a page is told."""


def map_record(photo: KeptPhoto, pin: Spot | None) -> dict[str, Any]:
    """The probability map for the page: Bokeh's item, and what is said beside it.

    Args:
        photo: A photo that is kept.
        pin: Where a person thinks it was taken.
    """
    plane = plane_of(photo.shown.extent())
    return {
        "item": map_item(photo.shown, plane=plane),
        "view": map_view(photo.shown, plane=plane),
        "palettes": palettes(),
        "pin": None if pin is None else plane.project(pin.point).tolist(),
    }


def pin_map_record(partition: Partition) -> dict[str, Any]:
    """The cells on a map without an answer, to put a pin on."""
    return {"item": cells_item(partition), "palettes": palettes()}


def place_on_pin_map(partition: Partition, xy: Float[np.ndarray, "2"]) -> Named:
    """The place at a point of the map for pins, with its name.

    Args:
        partition: The cells that the map shows.
        xy: Kilometres right and up on its plane.
    """
    plane, _ = cells_plane(partition)
    latlng = plane.place(xy)
    latitude, longitude = latlng.tolist()
    return Named(latitude=latitude, longitude=longitude, place=describe(locate(latlng[None])[0]))


def map_html(photo: KeptPhoto) -> bytes:
    """The probability map as one page that needs no network."""
    return map_page([photo.shown], [decode_photo(photo.preview)]).encode()


def map_geojson(photo: KeptPhoto) -> bytes:
    """The probability map as GeoJSON."""
    return json.dumps(photo.shown.to_geojson(), ensure_ascii=False).encode()


def map_png(photo: KeptPhoto) -> bytes:
    """The probability map as a figure."""
    return _png(probability_map_figure(photo.shown, photo=decode_photo(photo.preview)))


def occlusion_png(photo: KeptPhoto, service: Service) -> bytes:
    """The last whole occlusion map of a photo as a figure.

    Raises:
        MissingFileError: None was made yet.
    """
    if photo.occlusion is None:
        raise MissingFileError("no occlusion map of this photo is whole yet; ask for it first")
    _, made = photo.occlusion
    explained = explanation.Explanation(Path(photo.name), made, None)
    resize = service.predictor.spec.resize
    return _png(occlusion_sheet([explained], [decode_photo(photo.preview)], resize=resize))


def progress(explanation: Explanation) -> Progress:
    """An occlusion map in the making, as a line for the outside."""
    made, error = explanation.latest, explanation.error
    said: dict[str, Any] = {
        "token": explanation.token,
        "finished": explanation.finished,
        "error": None if error is None else " ".join(str(error).split()),
    }
    if made is None:
        return Progress(**said, done=0, windows=0)
    return Progress(
        **said,
        done=made.done,
        windows=made.total,
        window=made.window,
        stride=made.stride,
        probability=made.value,
        drops=_rounded(made.window_drops),
        overlay=_overlay(made),
    )


def drop_colors() -> list[str]:
    """The colours of the scale of an occlusion map, from -1 over 0 to 1, as `#rrggbb`."""
    return [to_hex(theme.DIVERGING(level)) for level in np.linspace(0, 1, COLORS)]


def drop_ticks() -> list[Tick]:
    """Where drops stand on that scale."""
    norm = SCALES["probability"].norm
    return [Tick(drop=drop, at=float(norm(drop))) for drop in TICKS]


def _rounded(drops: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(d) else round(d, 5) for d in row] for row in drops.tolist()]


def _overlay(made: OcclusionMap) -> str:
    colors = overlay_colors(made.drop, SCALES["probability"].norm)
    image = Image.fromarray(np.rint(255 * colors).astype(np.uint8), "RGBA")
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
