"""The page of a partition: its cells on a map, coloured by photos, level or accuracy in turn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.colors import BoundaryNorm

from geoguess_cli.geo.cells import cell_boundary
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import describe
from geoguess_cli.inference.answers import cell_places
from geoguess_cli.maps.cell_values import CellValues, level_values, photos_values
from geoguess_cli.maps.extent import fit_extent
from geoguess_cli.maps.interactive import figures
from geoguess_cli.maps.interactive.html import filled_page
from geoguess_cli.maps.interactive.plane import Plane, PlaneBox, box_of, plane_of
from geoguess_cli.wording import counted, percent, square_kilometres

_LISTED = 8  # cells in the list beside the map: those with the greatest values


def cells_page(partition: Partition, values: Sequence[CellValues] = ()) -> str:
    """The cells of a partition as one HTML page that needs no network.

    Args:
        partition: The cells.
        values: The values that can colour the cells; the page opens with the first of them
            (default: photos and level).
    """
    values = values or [photos_values(partition), level_values(partition)]
    plane, box = cells_plane(partition)
    columns: dict[str, list[Any]] = {
        "area": [square_kilometres(area) for area in partition.area_km2.tolist()]
    }
    for number, one in enumerate(values):
        columns[f"shade_{number}"] = _scaled(one, one.values).round(4).tolist()
        columns[f"text_{number}"] = _texts(one)
    about = [*figures.about_cell(partition), "@area"]
    lines = [f"@text_{number}" for number, one in enumerate(values) if len(one.columns.columns)]
    figure = figures.cells_figure(
        partition, plane, box, columns, shade="shade_0", tip=[*lines, *about]
    )
    views = [
        _view(partition, one, number, columns[f"text_{number}"]) | {"map": 0, "box": list(box)}
        for number, one in enumerate(values)
    ]
    return filled_page(
        views,
        items=[figures.item(figure)],
        label="Map of the cells",
        aside="Cells",
        readout=["@place", *lines, *about],
        choice="Colour by",
    )


def cells_item(partition: Partition, *, dark: bool = False) -> dict[str, Any]:
    """The cells in one colour, for `Bokeh.embed.embed_item`: a map for placing a pin.

    Args:
        partition: The cells.
        dark: Whether the page is dark.
    """
    plane, box = cells_plane(partition)
    none, tip = {"shade": [0.0] * len(partition)}, figures.about_cell(partition)
    return figures.item(figures.cells_figure(partition, plane, box, none, tip=tip, dark=dark))


def cells_plane(partition: Partition) -> tuple[Plane, PlaneBox]:
    """The plane that shows all cells, and the box on it that holds them, in kilometres."""
    extent = fit_extent(cell_boundary(partition.cells), np.ones(len(partition)))
    plane = plane_of(extent)
    return plane, box_of(extent, plane)


def _view(
    partition: Partition, values: CellValues, number: int, texts: list[str]
) -> dict[str, Any]:
    """The texts of the page while one kind of value colours the cells."""
    heading = counted(len(partition), "cell")
    name = values.label[:1].upper() + values.label[1:]
    ticks = np.array([at for at, _ in values.ticks])
    return {
        "name": name,
        "title": f"{heading} · {name}",
        "heading": heading,
        "caption": values.caption.split(" · "),
        "picture": None,
        "facts": [],
        "list": f"{name}: the cells with the greatest values",
        "rows": _rows(partition, values, texts),
        "columns": {},
        "key": {
            "label": name,
            "shade": f"shade_{number}",
            "summed": "photos" if (values.values == partition.photos).all() else None,
            "what": "photos",
            "ticks": [
                [round(float(at), 4), text]
                for at, (_, text) in zip(_scaled(values, ticks), values.ticks, strict=True)
            ],
        },
    }


def _rows(partition: Partition, values: CellValues, texts: list[str]) -> list[dict[str, Any]]:
    """The list beside the map. The numbers are short, since the places need the width."""
    known = np.nan_to_num(values.values, nan=-np.inf)
    order = np.lexsort((-partition.photos.astype(np.int64), -known))[:_LISTED]
    lengths, tests = np.nan_to_num(_scaled(values, values.values)), _test_photos(values)
    rows = []
    for rank, index in enumerate(order.tolist(), start=1):
        text, fact = texts[index], square_kilometres(float(partition.area_km2[index]))
        if tests:
            count = tests[index]
            text = percent(float(values.values[index]), whole=True) if count else "–"
            fact = f"of {counted(count, 'test photo')}" if count else "no test photos"
        rows.append(
            {
                "rank": rank,
                "index": index,
                "place": describe(cell_places(partition)[index]),
                "share": text,
                "length": float(lengths[index]),
                "detail": f"cell {partition.tokens[index]} · {fact}",
            }
        )
    return rows


def _scaled(values: CellValues, at: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Values as positions on their scale, in [0, 1]; NaN if unknown."""
    scaled = np.ma.filled(np.ma.asarray(values.norm(at), dtype=np.float64), np.nan)
    if isinstance(values.norm, BoundaryNorm):  # a step's number becomes its middle
        scaled = (scaled + 0.5) / values.norm.Ncmap
    return np.where(np.isnan(at), np.nan, scaled)


def _test_photos(values: CellValues) -> list[int]:
    """Number of test photos in each cell if the value is the accuracy; else an empty list."""
    return values.columns["test_photos"].to_list() if "accuracy" in values.columns.columns else []


def _texts(values: CellValues) -> list[str]:
    """The text about each cell's value."""
    if counts := _test_photos(values):
        return [
            "no test photos"
            if not count
            else f"{percent(share, whole=True)} of {counted(count, 'test photo')} right"
            for share, count in zip(values.values.tolist(), counts, strict=True)
        ]
    return [f"{value:,.0f}" for value in values.values.tolist()]
