"""How fast cells are: leaf ids and the adaptive partition, beside the S2 libraries.

    python benchmarks/cells.py [--points 112570]

Prints JSON lines: one a measurement, then the ratios, all from this one run. The answers are
compared as well: a faster but wrong answer would not count.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import s2geometry
import s2sphere

from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.partition import build_partition


def timed(
    name: str, work: Callable[[], Any], points: int, *, repeats: int = 3
) -> tuple[Any, float]:
    """The result of `work` and its best time in seconds; the measurement is printed."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    best = min(seconds)
    print(json.dumps({"what": name, "points": points, "seconds": best, "per_s": points / best}))
    return result, best


def partition_by_rows(latlng: np.ndarray, max_photos: int, min_photos: int) -> list[int]:
    """The same partition as one would write it with s2sphere, photo by photo."""
    leaves = [
        s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(*place))
        for place in latlng.tolist()
    ]
    kept, waiting = (
        [],
        [(s2sphere.CellId.from_face_pos_level(face, 0, 0), leaves) for face in range(6)],
    )
    while waiting:
        cell, candidates = waiting.pop()
        inside = [leaf for leaf in candidates if cell.contains(leaf)]
        if len(inside) > max_photos and not cell.is_leaf():
            waiting += [(child, inside) for child in cell.children()]
        elif len(inside) >= min_photos:
            kept.append(cell.id())
    return sorted(kept)


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=112_570)
    points = parser.parse_args().points
    rng = np.random.default_rng(0)
    # Dense towns and empty country between them, as photos lie.
    towns = np.column_stack([rng.uniform(25, 49, 400), rng.uniform(-124, -95, 400)])
    latlng = towns[rng.integers(0, 400, points)] + rng.normal(0, 0.3, (points, 2))

    ours, ours_s = timed("leaf ids, geoguess", lambda: latlng_to_cell(latlng), points)
    pure, pure_s = timed(
        "leaf ids, s2sphere",
        lambda: [
            s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(*place)).id()
            for place in latlng.tolist()
        ],
        points,
        repeats=1,
    )
    google, google_s = timed(
        "leaf ids, s2geometry",
        lambda: [
            s2geometry.S2CellId(s2geometry.S2LatLng.FromDegrees(*place)).id()
            for place in latlng.tolist()
        ],
        points,
        repeats=1,
    )
    assert ours.tolist() == pure == google

    cells, cells_s = timed("partition, geoguess", lambda: build_partition(latlng).cells, points)
    rows, rows_s = timed(
        "partition, s2sphere row by row",
        lambda: partition_by_rows(latlng, 100, 20),
        points,
        repeats=1,
    )
    assert cells.tolist() == rows
    print(
        json.dumps(
            {
                "cells": len(cells),
                "leaf_ids_times_s2sphere": round(pure_s / ours_s, 1),
                "leaf_ids_times_s2geometry": round(google_s / ours_s, 1),
                "partition_times_row_by_row": round(rows_s / cells_s, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
