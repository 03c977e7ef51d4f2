"""GeoScore: the points of a geography game for a distance."""

import numpy as np
from jaxtyping import Float

GEOSCORE_MAX = 5000.0
"""Points for an exact answer."""

GEOSCORE_SCALE_KM = 1492.7
"""Distance over which the points fall to 1/e, from PIGEON (arXiv 2307.05845)."""


def geoscore(distance_km: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """GeoScore of each distance, 5000·exp(−d / 1492.7 km): points in [0, 5000], not rounded.

    >>> geoscore(np.array([0.0, GEOSCORE_SCALE_KM])).round(3).tolist()
    [5000.0, 1839.397]
    """
    return GEOSCORE_MAX * np.exp(-distance_km / GEOSCORE_SCALE_KM)
