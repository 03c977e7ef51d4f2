"""Explanations as plain JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from geoguess_cli.names import text_of
from geoguess_cli.occlusion.explanation import Explanation
from geoguess_cli.occlusion.faithfulness import Curves, Faithfulness


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """An explanation as JSON: the target, the drop of each window, the curves.

    The drop of a pixel is the mean over the windows that cover it. Window (i, j) starts at row
    `tops[i]` and column `lefts[j]`; its sides are `window` pixels, and it ends at the image's edge.
    """
    occlusion, faithfulness = explanation.occlusion, explanation.faithfulness
    height, width = occlusion.drop.shape
    rows, columns = occlusion.window_drops.shape
    decimals = 3 if occlusion.target.measure == "km" else 6
    return {
        **summary_record(explanation),
        "window": occlusion.window,
        "stride": occlusion.stride,
        "baselines": list(occlusion.baselines),
        "seed": explanation.seed,
        "image": {"width": width, "height": height},
        "tops": [occlusion.stride * i for i in range(rows)],
        "lefts": [occlusion.stride * j for j in range(columns)],
        "window_drops": np.round(occlusion.window_drops.astype(np.float64), decimals).tolist(),
        "faithfulness": faithfulness and _curves_record(faithfulness, decimals),
    }


def summary_record(explanation: Explanation) -> dict[str, Any]:
    """An explanation as JSON, in a few numbers."""
    occlusion, faithfulness = explanation.occlusion, explanation.faithfulness
    return {
        "photo": text_of(explanation.photo),
        "target": occlusion.target.name,
        "measure": occlusion.target.measure,
        "value": occlusion.value,
        "unlike": explanation.likeness and explanation.likeness.unlike,
        "greatest_drop": float(occlusion.drop.max()),
        "greatest_rise": float(-occlusion.drop.min()),
        "interpolation": occlusion.interpolation and asdict(occlusion.interpolation),
        "faithfulness": faithfulness
        and {
            "better_than_random": faithfulness.better_than_random,
            "beaten": faithfulness.beaten,
            **areas_record(faithfulness),
        },
        "error": None,
    }


def areas_record(faithfulness: Faithfulness) -> dict[str, dict[str, float]]:
    """Areas and score of the map, of the random orders (their means) and of the edges."""
    return {
        "map": _areas(faithfulness, [faithfulness.own]),
        "random": _areas(faithfulness, faithfulness.random),
        "edges": _areas(faithfulness, [faithfulness.edges]),
    }


def _areas(faithfulness: Faithfulness, curves: Sequence[Curves]) -> dict[str, float]:
    """The mean areas and the mean score of some curves."""
    return {
        "deletion_area": float(np.mean([one.deletion_area for one in curves])),
        "insertion_area": float(np.mean([one.insertion_area for one in curves])),
        "score": float(np.mean([faithfulness.score(one) for one in curves])),
    }


def _curves_record(faithfulness: Faithfulness, decimals: int) -> dict[str, Any]:
    def record(curves: Curves) -> dict[str, Any]:
        return {
            "deletion": np.round(curves.deletion, decimals).tolist(),
            "insertion": np.round(curves.insertion, decimals).tolist(),
            **_areas(faithfulness, [curves]),
        }

    return {
        "better_than_random": faithfulness.better_than_random,
        "beaten": faithfulness.beaten,
        "shares": np.round(faithfulness.shares, 6).tolist(),
        "map": record(faithfulness.own),
        "edges": record(faithfulness.edges),
        "random": [record(curves) for curves in faithfulness.random],
    }
