"""The relief along the horizon: the mountains in front of the camera."""

from dataclasses import dataclass, replace

import numpy as np

from world import geography
from world.canvas import TERRAIN, VEGETATION, View
from world.geography import KM_PER_DEGREE, NOISE_SQUEEZE, STYLES, Surroundings
from world.noise import fractal, smoothstep, value_noise
from world.sky import Light

RIDGE_KM = (64.0, 42.0, 27.0, 17.0, 10.5, 6.0, 3.2, 1.6)
EXAGGERATION = 2.1  # mountains look higher to a person than to a lens
TABLE_M = 130.0  # the step of a mesa's terraces
ALPINE, WOODED, MESA, _, CONE = range(len(STYLES))
FOREST = np.array([58.0, 82.0, 58.0])
SNOW = np.array([246.0, 248.0, 252.0])


@dataclass(frozen=True)
class Ridge:
    """The relief at one distance, for each column of the picture."""

    distance_km: float
    along_km: np.ndarray  # a position on the ground, for noise
    height_m: np.ndarray
    wooded: np.ndarray  # share of trees
    style: np.ndarray  # index into STYLES


def paint_ridges(
    pixels: np.ndarray,
    labels: np.ndarray,
    view: View,
    light: Light,
    around: Surroundings,
    place: tuple[float, float, float],
) -> None:
    """Paint the relief in front of the camera, the farthest ridge first.

    Args:
        pixels: RGB canvas, changed in place.
        labels: Its labels, changed in place.
        view: The camera.
        light: Hour and weather.
        around: The surroundings of the place.
        place: Latitude, longitude and heading in degrees.
    """
    for ridge in _ridges_ahead(view, around, *place):
        _paint_ridge(pixels, labels, view, light, around, ridge)


def rises(
    view: View, around: Surroundings, place: tuple[float, float, float], columns: int = 24
) -> list[tuple[Ridge, np.ndarray]]:
    """Each ridge and its height in focal lengths over the horizon, in a few columns of the picture.

    Args:
        view: The camera.
        around: The surroundings of the place.
        place: Latitude, longitude and heading in degrees.
        columns: Number of columns.
    """
    coarse = replace(view, width=columns, focal=view.focal * columns / view.width)
    return [(ridge, _rise(ridge, view)) for ridge in _ridges_ahead(coarse, around, *place)]


def _rise(ridge: Ridge, view: View) -> np.ndarray:
    return EXAGGERATION * (ridge.height_m - view.eye_m) / (1000 * ridge.distance_km)


def _ridges_ahead(
    view: View, around: Surroundings, latitude: float, longitude: float, heading: float
) -> list[Ridge]:
    columns = np.arange(view.width)
    azimuth = np.radians(heading) + np.arctan((columns - view.width / 2) / view.focal)
    squeeze = KM_PER_DEGREE * np.cos(np.radians(latitude))
    own = float(geography.relief(np.array([latitude]), np.array([longitude]))[0][0])
    distances = np.array(RIDGE_KM)[:, None]
    north = latitude + distances * np.cos(azimuth) / KM_PER_DEGREE
    east = longitude + distances * np.sin(azimuth) / squeeze
    heights, styles = geography.relief(north, east)
    forests, dryness = geography.land_cover(north, east)
    wooded = np.clip(1.1 * forests + 0.5 * around.trees - 0.06 * dryness, 0, 1)
    ridges = []
    for layer, distance in enumerate(RIDGE_KM):
        x, y = east[layer] * KM_PER_DEGREE * NOISE_SQUEEZE, north[layer] * KM_PER_DEGREE
        # From inside the mountains less of them rises above the camera; foothills are low.
        height = np.maximum(heights[layer] - 0.5 * own, 0) * min(1.0, distance / 9)
        height = _carve(height, styles[layer], x, y, distance)
        # All land rolls a little; mesas of the region stand even where no range is listed.
        rolling = fractal(x / 2.2, y / 2.2, seed=41, octaves=4) - 0.38
        height = height + around.rolling_m * min(1.0, distance / 3) * 1.6 * rolling
        if around.mesa > 0.02 and distance < 20:
            table = smoothstep(value_noise(x / 5, y / 5, seed=61 + layer), 0.56, 0.66)
            worn = 0.85 + 0.3 * fractal(x / 0.8, y / 0.8, seed=62, octaves=3)
            height = np.maximum(height, around.mesa * 16 * distance * table * worn)
        ridges.append(Ridge(distance, x + y, height, wooded[layer], styles[layer]))
    return ridges


def _carve(
    height: np.ndarray, style: np.ndarray, x: np.ndarray, y: np.ndarray, distance: float
) -> np.ndarray:
    """Gives each style its outline: sharp crests, round backs, flat tops."""
    # Detail as fine as the distance shows: else a near ridge would be one straight wall.
    near = min(1.6, 0.16 * distance)
    sharp = fractal(x / near, y / near, seed=21, octaves=5) - 0.5
    soft = fractal(x / (2 * near), y / (2 * near), seed=22, octaves=4) - 0.5
    steps = height / TABLE_M
    flat = TABLE_M * (np.floor(steps) + smoothstep(steps - np.floor(steps), 0.35, 0.6))
    return np.select(
        [style == MESA, style == WOODED, style == CONE],
        [flat, height * (1 + 0.6 * soft), height * (1 + 0.06 * sharp)],
        height * (1 + 0.85 * sharp),
    )


def _paint_ridge(
    pixels: np.ndarray,
    labels: np.ndarray,
    view: View,
    light: Light,
    around: Surroundings,
    ridge: Ridge,
) -> None:
    """One ridge: everything between its outline and a little below the horizon."""
    rise = _rise(ridge, view)
    # Trees roughen the outline of a wooded ridge that is near enough to show them.
    at = ridge.along_km
    spikes = value_noise(at * 28, at * 0, seed=33) * value_noise(at * 61, at, seed=34)
    tall = np.clip(22 * view.focal / (1000 * ridge.distance_km), 0, 9)
    top = view.horizon - view.focal * rise - ridge.wooded * spikes * tall
    bottom = int(view.horizon + 0.03 * view.height) + 2
    upper = max(0, int(np.floor(top.min())))
    rows = np.arange(upper, bottom)[:, None]
    inside = rows >= top
    if not inside.any():
        return
    depth = np.clip((rows - top) / max(view.horizon - top.min(), 8.0), 0, 1)
    color, grown = _slopes(depth, rows, light, around, ridge)
    pixels[upper:bottom][inside] = light.haze(color, ridge.distance_km)[inside]
    labels[upper:bottom][inside] = np.where(grown, VEGETATION, TERRAIN)[inside]


def _slopes(
    depth: np.ndarray, rows: np.ndarray, light: Light, around: Surroundings, ridge: Ridge
) -> tuple[np.ndarray, np.ndarray]:
    """Colour of a ridge's pixels by their depth below its outline, and which are wooded."""
    far = ridge.distance_km
    columns = np.arange(depth.shape[1])[None, :]
    across = columns / (26 + 30 / far) + 9 * far
    gully = fractal(across, depth * 2.2, seed=36, octaves=4)
    slope = np.gradient(fractal(across, depth * 1.1, seed=36), axis=1)
    lit = 1 + light.direct * np.clip(slope * 16 * np.sign(light.sun_side + 1e-9), -0.34, 0.26)
    lit = lit * (0.86 + 0.28 * gully)

    grass = (0.75 * around.cover * smoothstep(gully + depth, 0.75, 1.15))[..., None]
    color = around.rock + (around.grass - around.rock) * grass
    # Layers of rock show on mesas and, in mesa country, on all ridges that are not alpine.
    banded = 0.30 * (ridge.style == MESA) + 0.55 * around.mesa * (ridge.style != ALPINE)
    strata = 0.5 * np.sin(depth * 34 + 3 * gully)
    color = color * (1 + 0.7 * np.minimum(banded, 0.6) * strata)[..., None]

    trees = smoothstep(ridge.wooded + 0.55 * (gully - 0.5) + 0.25 * (depth - 0.35), 0.30, 0.55)
    mottled = 0.78 + 0.5 * value_noise(columns / 2.3 + 50 * far, rows / 2.0, seed=38)
    color = color * (1 - trees[..., None]) + FOREST * (mottled * trees)[..., None]
    high = smoothstep(ridge.height_m * (1 - 0.8 * depth) + 500 * (gully - 0.5), 1150, 1500)
    snow = high * np.isin(ridge.style, (ALPINE, CONE)) * (far > 6)
    color = color * (1 - snow[..., None]) + SNOW * snow[..., None]
    return color * lit[..., None] * light.tint, (trees > 0.5) & (snow < 0.5)
