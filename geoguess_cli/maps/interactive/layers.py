"""The layers of an interactive map as columns of numbers and texts.

Bokeh takes these columns as they are. So does the script of a page: to show another photo it puts
other columns into the same map.
"""

from typing import Any

import numpy as np
import shapely

from geoguess_cli.choices import ColorScale
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answers import cell_records
from geoguess_cli.inference.credible import MASSES
from geoguess_cli.maps.interactive.ground import rings
from geoguess_cli.maps.interactive.plane import Plane, cell_shapes, outline, way
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.scales import probability_norm
from geoguess_cli.wording import percent

LayerColumns = dict[str, list[Any]]

_CELL_COLUMNS = ("token", "level", "photos", "place")


def cell_columns(partition: Partition, plane: Plane) -> LayerColumns:
    """One row per cell, in the partition's order: its outline and its record.

    Coordinates are kilometres on the plane; NaN separates the rings of an outline.
    """
    xs, ys = [], []
    shapes = cell_shapes(partition, plane)
    for shape, area in zip(shapes, partition.area_km2.tolist(), strict=True):
        # Four digits, relative to the size of the cell.
        decimals = int(np.clip(3.0 - np.floor(np.log10(area) / 2.0), 0, 5))
        x, y = rings(shape).round(decimals).tolist()
        xs.append(x)
        ys.append(y)
    about = {name: [cell[name] for cell in cell_records(partition)] for name in _CELL_COLUMNS}
    return {"xs": xs, "ys": ys, **about}


def answer_columns(
    map_: ProbabilityMap, plane: Plane, scale: ColorScale = "root"
) -> dict[str, LayerColumns]:
    """The columns of the answer to one photo, by layer.

    "cells" has columns to add to `cell_columns`; "guesses", "estimate" and "truth" are points;
    "credible_50", "credible_90", "way" and, if the answer was limited to a region, "region_border"
    are lines. `side_km` is the side of a typical cell of the credible region.
    """
    probabilities = map_.probabilities
    norm = probability_norm(scale, float(probabilities.max()))
    rank = np.empty(len(probabilities), dtype=np.int64)
    rank[map_.ranking] = np.arange(1, len(rank) + 1)
    guesses = _points(map_.partition.centroids[map_.guesses], plane)
    columns: dict[str, LayerColumns] = {
        "cells": {
            # Four digits suffice for every text, and keep the page small.
            "probability": [float(f"{value:.4g}") for value in probabilities.tolist()],
            "share": [percent(value) for value in probabilities.tolist()],
            "rank": rank.tolist(),
            "shade": np.asarray(norm(probabilities)).round(4).tolist(),
        },
        "guesses": {
            **guesses,
            "at_x": guesses["x"],
            "at_y": guesses["y"],
            "number": [str(number) for number in range(1, len(map_.guesses) + 1)],
        },
        "estimate": _points(map_.estimate[None], plane),
        "truth": _points(np.empty((0, 2)) if map_.truth is None else map_.truth[None], plane),
        "way": _lines([] if map_.truth is None else way(map_.estimate, map_.truth, plane)),
    }
    if map_.region is not None:
        border = outline(map_.region.shape, plane)
        columns["region_border"] = _lines([shapely.get_coordinates(line) for line in border])
    for mass in MASSES:
        lines = outline(map_.credible_region(mass), plane)
        edges = _lines([shapely.get_coordinates(line) for line in lines])
        # On a small scale these outlines would hide the cells, so a page thins the lines.
        cells = len(map_.credible_cells(mass))
        side_km = round(float(np.sqrt(map_.credible_area_km2(mass) / cells)), 3)
        columns[f"credible_{100 * mass:.0f}"] = {**edges, "side_km": [side_km] * len(edges["xs"])}
    return columns


def _points(latlng: np.ndarray, plane: Plane) -> LayerColumns:
    x, y = plane.project(latlng).round(3).T.tolist()
    return {"x": x, "y": y}


def _lines(lines: list[np.ndarray]) -> LayerColumns:
    rounded = [line.round(2) for line in lines if len(line)]
    return {
        "xs": [line[:, 0].tolist() for line in rounded],
        "ys": [line[:, 1].tolist() for line in rounded],
    }
