"""The page of probability maps: the map, the guesses and the numbers of each photo."""

import base64
import io
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from PIL import Image

from geoguess_cli.choices import ColorScale
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.places import describe
from geoguess_cli.inference.answers import Answer
from geoguess_cli.maps.extent import Extent
from geoguess_cli.maps.interactive import figures
from geoguess_cli.maps.interactive.html import filled_page
from geoguess_cli.maps.interactive.layers import answer_columns
from geoguess_cli.maps.interactive.plane import Plane, box_of, plane_of
from geoguess_cli.maps.marks import mark_texts
from geoguess_cli.maps.neighbours import HEADING, NOT_FOUND, shown_neighbours
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.scales import probability_norm, probability_ticks
from geoguess_cli.sources.originals import Originals
from geoguess_cli.wording import counted, kilometres, percent

PICTURE_SIDE = 640
"""Longest side of a photo in a page, in pixels: twice its width on the screen."""

NEIGHBOUR_SIDE = 240
"""Longest side of a training photo in a page, in pixels."""

_NEIGHBOURS_KM = 1000.0


def map_page(
    maps: Sequence[ProbabilityMap],
    photos: Sequence[Image.Image | None] | None = None,
    *,
    scale: ColorScale = "root",
    originals: Originals | None = None,
) -> str:
    """The probability maps of one or more photos as one HTML page that needs no network.

    Args:
        maps: One per photo, at least one; all of the same partition.
        photos: The photos, upright, in that order; None for a photo that is not shown.
        scale: How probabilities become colours, as in `probability_norm`.
        originals: Where the training photos are that the answers name.
    """
    pictures = [None] * len(maps) if photos is None else photos
    planes, chosen = _planes([map_.extent() for map_ in maps])
    views = [
        {
            **map_view(map_, photo, plane=planes[at], scale=scale),
            "neighbours": _neighbours(map_, originals),
            "map": at,
        }
        for map_, photo, at in zip(maps, pictures, chosen, strict=True)
    ]
    firsts = [maps[chosen.index(at)] for at in range(len(planes))]
    return filled_page(
        views,
        items=[
            figures.item(figures.map_figure(map_, plane=plane, scale=scale))
            for map_, plane in zip(firsts, planes, strict=True)
        ],
        label="Probability map",
        aside="The answer",
        readout=["@place", "@share", "rank @rank", *figures.about_cell(maps[0].partition)],
    )


def map_view(
    map_: ProbabilityMap,
    photo: Image.Image | None = None,
    *,
    plane: Plane | None = None,
    scale: ColorScale = "root",
) -> dict[str, Any]:
    """The texts about one photo, and the columns of its map, ready for JSON.

    Args:
        map_: The answer to one photo.
        photo: The photo, upright, of any size.
        plane: The plane of the map (default: the one about the centre of its extent).
        scale: How probabilities become colours, as in `probability_norm`.
    """
    extent = map_.extent()
    plane = plane or plane_of(extent)
    norm = probability_norm(scale, float(map_.probabilities.max()))
    place = describe(map_.answer.place)
    heading = f"{place[:1].upper()}{place[1:]}"
    name = PurePath(map_.answer.photo).name
    return {
        "name": name or "photo",
        "title": f"{heading} · {name}" if name else heading,
        "heading": heading,
        "caption": caption(map_),
        "picture": None if photo is None else _data_uri(photo),
        "facts": mark_texts(map_),
        "list": "Guesses, the likeliest first",
        "rows": [_guess(map_, rank) for rank in range(1, len(map_.guesses) + 1)],
        "box": list(box_of(extent, plane)),
        "columns": answer_columns(map_, plane, scale),
        "key": {
            "label": "Probability of the cell",
            "shade": "shade",
            "summed": "probability",
            "what": "probability",
            "ticks": [[float(norm(at)), text] for at, text in probability_ticks(norm)],
        },
    }


def caption(map_: ProbabilityMap) -> list[str]:
    """Sentences on how sure the answer is: probability, expected distance, entropy, likeness."""
    alike = round(2**map_.entropy_bits)
    choice = f"as uncertain as a choice among {alike:,} equally likely cells"
    sure = "almost certain" if alike == 1 else choice
    most = np.log2(len(map_.partition))
    return [
        f"likeliest cell {percent(float(map_.probabilities.max()))}",
        f"expected to be {kilometres(map_.answer.expected_km)} off, "
        f"90 % likely within {kilometres(map_.answer.radius_90_km)}",
        f"{sure} (entropy {map_.entropy_bits:.1f} of {most:.1f} bits)",
        *_likeness(map_.answer),
    ]


def _likeness(answer: Answer) -> list[str]:
    """The sentence on a photo that is unlike the training photos, or of which it is not known."""
    if answer.likeness is None:
        return ["the model does not know whether the photo is unlike its training photos"]
    return [answer.likeness.in_words] if answer.unlike else []


def _guess(map_: ProbabilityMap, rank: int) -> dict[str, Any]:
    index = int(map_.guesses[rank - 1])
    probability = float(map_.probabilities[index])
    photos = counted(int(map_.partition.photos[index]), map_.partition.unit)
    return {
        "rank": rank,
        "index": index,
        "place": describe(map_.places[index]),
        "share": percent(probability),
        "length": round(probability / float(map_.probabilities.max()), 4),
        "detail": f"cell {map_.partition.tokens[index]} · {photos}",
    }


def _neighbours(map_: ProbabilityMap, originals: Originals | None) -> dict[str, Any] | None:
    """The training photos that the photo resembles; None if the answer names none."""
    shown = shown_neighbours(map_.answer, originals, side=NEIGHBOUR_SIDE)
    if not shown:
        return None
    return {
        "title": HEADING,
        "photos": [
            {
                "picture": None if one.picture is None else _data_uri(one.picture),
                "missing": NOT_FOUND,
                "name": one.neighbour.name,
                "place": describe(one.place),
                "about": one.about,
            }
            for one in shown
        ],
    }


def _planes(extents: Sequence[Extent]) -> tuple[list[Plane], list[int]]:
    """Planes for several maps, and for each map the position of its plane; near maps share one."""
    planes: list[Plane] = []
    chosen = []
    for extent in extents:
        suiting = [at for at, plane in enumerate(planes) if _suits(plane, extent)]
        chosen.append(suiting[0] if suiting else len(planes))
        if not suiting:
            planes.append(plane_of(extent))
    return planes, chosen


def _suits(plane: Plane, extent: Extent) -> bool:
    """Whether a plane shows an extent nearly as well as the extent's own plane would."""
    if extent.world or plane.center is None:
        return extent.world and plane.center is None
    middle = np.array([[extent.latitude, extent.longitude]])
    return bool(great_circle_km(middle, np.array([plane.center]))[0] < _NEIGHBOURS_KM)


def _data_uri(photo: Image.Image) -> str:
    small = photo.convert("RGB")
    small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
