"""Whole pages: one HTML file with its map, its photos and its scripts, which asks for nothing more.

A content-security policy in the page holds it to that.
"""

import base64
import hashlib
import html
import io
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Any

import numpy as np
from PIL import Image

from geoguess_cli.explain.extent import Extent
from geoguess_cli.explain.interactive import figures, palette
from geoguess_cli.explain.interactive.layers import answer_columns
from geoguess_cli.explain.interactive.plane import Plane, box_of, plane_of
from geoguess_cli.explain.probability_map import ProbabilityMap
from geoguess_cli.explain.wording import coordinates, counted, kilometres, percent
from geoguess_cli.geo.geodesy import great_circle_km

PICTURE_SIDE = 640
"""Longest side of a photo in a page, in pixels: twice the width that it is shown in."""

_NEIGHBOURS_KM = 1000.0
_CREDIT = "Map: Natural Earth and US Census Bureau. Towns: GeoNames, CC BY 4.0."


def map_page(
    shown: Sequence[ProbabilityMap], photos: Sequence[Image.Image | None] | None = None
) -> str:
    """The probability maps of one or more photos as one HTML page that needs no network.

    Args:
        shown: One a photo, at least one; all of the same partition.
        photos: The photos, upright, in that order; None for one that shall not be seen.
    """
    pictures = [None] * len(shown) if photos is None else photos
    extents = [one.extent() for one in shown]
    planes, chosen = _planes(extents)
    views = [
        {**map_view(one, photo, planes[at]), "plane": at}
        for one, photo, at in zip(shown, pictures, chosen, strict=True)
    ]
    first = [chosen.index(at) for at in range(len(planes))]
    content = {
        "items": [
            figures.item(figures.map_figure(shown[k], plane=planes[chosen[k]])) for k in first
        ],
        "views": views,
        "palettes": _palettes(),
        "hint": "Point at a cell or tap it to see its figures.",
        "readout": [
            "@place",
            "@share",
            "rank @rank",
            "@photos photos in training",
            "cell @token, level @level",
        ],
    }
    # An item per plane is drawn by its first photo; that photo's columns need not come twice.
    return _page(content, title=views[0]["title"], map_label="Probability map", aside="The answer")


def map_item(shown: ProbabilityMap, *, dark: bool = False) -> dict[str, Any]:
    """The map of one photo for `Bokeh.embed.embed_item`, ready for JSON; it carries no code.

    Args:
        shown: One photo's probabilities.
        dark: Whether its colours are for a dark page.
    """
    return figures.item(figures.map_figure(shown, dark=dark))


def map_view(
    shown: ProbabilityMap, photo: Image.Image | None = None, plane: Plane | None = None
) -> dict[str, Any]:
    """What a page says of one photo beside its map, and the columns of the map, ready for JSON.

    Args:
        shown: One photo's probabilities.
        photo: The photo, upright, of any size.
        plane: The plane of the map (default: the photo's own).
    """
    extent = shown.extent()
    plane = plane or plane_of(extent)
    top = int(shown.guesses[0])
    most = float(shown.probabilities[top])
    place = shown.descriptions[top]
    name = PurePath(shown.photo).name
    heading = f"{place[:1].upper()}{place[1:]}: {percent(most)}"
    return {
        "name": name or "photo",
        "title": f"{heading} · {name}" if name else heading,
        "heading": heading,
        "caption": caption(shown),
        "picture": None if photo is None else _data_uri(photo),
        "facts": _facts(shown),
        "guesses": [_guess(shown, rank) for rank in range(1, len(shown.guesses) + 1)],
        "box": list(box_of(extent, plane)),
        "columns": answer_columns(shown, plane),
        "key": {
            "label": "Probability of the cell",
            "shade": "shade",
            "summed": "probability",
            "what": "probability",
            "ticks": [[at, percent(most * at**2)] for at in (0.0, 0.25, 0.5, 0.75, 1.0)],
        },
    }


def caption(shown: ProbabilityMap) -> list[str]:
    """How sure the answer is, in words: expected distance, credible region, entropy."""
    cells = len(shown.partition)
    alike = round(2**shown.entropy_bits)
    sure = f"as unsure as between {alike:,} equally likely cells"
    if alike == 1:
        sure = "as good as certain"
    return [
        f"expected to be {kilometres(shown.expected_km)} off",
        f"90 % likely within {kilometres(shown.radius_90_km)}",
        f"{sure} ({shown.entropy_bits:.1f} of {np.log2(cells):.1f} bits)",
    ]


def _guess(shown: ProbabilityMap, rank: int) -> dict[str, Any]:
    index = int(shown.guesses[rank - 1])
    probability = float(shown.probabilities[index])
    photos = counted(int(shown.partition.photos[index]), "photo")
    return {
        "rank": rank,
        "index": index,
        "place": shown.descriptions[index],
        "share": percent(probability),
        "length": round(probability / float(shown.probabilities.max()), 4),
        "detail": f"cell {shown.partition.tokens[index]} · {photos} in training",
    }


def _facts(shown: ProbabilityMap) -> list[dict[str, Any]]:
    """The marks of the map: what each means and what it says."""
    where = coordinates(*shown.estimate.tolist())
    lines = [shown.estimate_description, where]
    facts: list[dict[str, Any]] = [{"kind": "estimate", "title": "Point estimate", "lines": lines}]
    if shown.truth is not None and shown.distance_km is not None:
        title = f"Truth, {kilometres(shown.distance_km)} away"
        lines = [coordinates(*shown.truth.tolist())]
        facts.append({"kind": "truth", "title": title, "lines": lines})
    for mass in (50, 90):
        cells = counted(len(shown.credible_cells(mass / 100)), "cell")
        area = f"{kilometres(shown.credible_area_km2(mass / 100))}²"
        title = f"{mass} % credible region"
        facts.append({"kind": f"credible-{mass}", "title": title, "lines": [f"{cells}, {area}"]})
    return facts


def _planes(extents: Sequence[Extent]) -> tuple[list[Plane], list[int]]:
    """Planes for several maps, and which of them each takes: neighbours share one."""
    planes: list[Plane] = []
    chosen = []
    for extent in extents:
        found = next((k for k, plane in enumerate(planes) if _suits(plane, extent)), None)
        if found is None:
            planes.append(plane_of(extent))
            found = len(planes) - 1
        chosen.append(found)
    return planes, chosen


def _suits(plane: Plane, extent: Extent) -> bool:
    if extent.world or plane.center is None:
        return extent.world and plane.center is None
    middle = np.array([[extent.latitude, extent.longitude]])
    return float(great_circle_km(middle, np.array([plane.center]))[0]) < _NEIGHBOURS_KM


def _data_uri(photo: Image.Image) -> str:
    small = photo.convert("RGB")
    small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _palettes() -> dict[str, Any]:
    return {
        name: {"named": colors.named, "amounts": colors.amounts}
        for name, colors in (("light", palette.LIGHT), ("dark", palette.DARK))
    }


def _variables() -> str:
    """The colours as variables of CSS, dark ones where the reader prefers them."""

    def block(colors: palette.Palette) -> str:
        lines = (f"--map-{name.replace('_', '-')}:{color};" for name, color in colors.named.items())
        return ":root{" + "".join(lines) + "}"

    return block(palette.LIGHT) + "@media (prefers-color-scheme: dark){" + block(palette.DARK) + "}"


def _page(
    content: dict[str, Any], *, title: str, map_label: str, aside: str, options: str = ""
) -> str:
    scripts = {
        "bokeh": figures.script_path().read_text(encoding="utf-8"),
        "map": _static("map.js"),
        "page": _static("page.js"),
    }
    # A script ends at the first `</script`, even within a text of it.
    scripts = {name: text.replace("</script", "<\\/script") for name, text in scripts.items()}
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "policy": _policy(scripts.values()),
        "title": html.escape(title),
        "style": _variables() + _static("page.css"),
        "map_label": html.escape(map_label),
        "aside_label": html.escape(aside),
        "options": options,
        "footer": html.escape(_CREDIT),
        "content": data,
        **scripts,
    }
    pieces = _static("page.html").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)


def _policy(scripts: Any) -> str:
    """Only these scripts, only pictures within the page, and no connection anywhere."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _static(name: str) -> str:
    folder = resources.files("geoguess_cli.explain.interactive")
    return folder.joinpath("static", name).read_text(encoding="utf-8")
