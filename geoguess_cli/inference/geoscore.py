"""GeoScore, the points that a geography game gives for a distance."""

import numpy as np
from jaxtyping import Float

GEOSCORE_MAX = 5000.0


GEOSCORE_SCALE_KM = 1492.7
"""GeoScore's constants: the game's points and the decay that PIGEON gives (arXiv 2307.05845)."""


def geoscore(distance_km: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """GeoScore points of each distance, 5000·exp(−d / 1492.7 km), in [0, 5000], not rounded.

    >>> geoscore(np.array([0.0, GEOSCORE_SCALE_KM])).round(3).tolist()
    [5000.0, 1839.397]
    """
    return GEOSCORE_MAX * np.exp(-distance_km / GEOSCORE_SCALE_KM)
