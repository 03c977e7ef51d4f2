"""The look of a place: smooth functions that depend on latitude and longitude alone.

Four tables beside this module hold the facts: `regions.csv` (natural regions: soil, grass, rock,
plants, crops, fences, houses), `ranges.csv` (mountain ranges as lines with a height), `towns.csv`
(real towns) and `states.csv` (how each state of this world paints its roads). Tree cover and
dryness are read from the colours of the Natural Earth raster in Cartopy's wheel.
"""

import csv
import functools
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

from world.noise import ridged, smoothstep, value_noise

TABLES = Path(__file__).parent
KM_PER_DEGREE = 111.2
REGION_REACH_KM = 80.0  # how softly one natural region gives way to the next
NOISE_SQUEEZE = 0.77  # cosine of the middle latitude, 40 degrees
STYLES = ("alpine", "wooded", "mesa", "basin", "cone")


@dataclass(frozen=True)
class Town:
    """A real town of the gazetteer."""

    name: str
    state: str
    latitude: float
    longitude: float
    population: float


@dataclass(frozen=True)
class StateRoads:
    """How a state of this world builds its roads; colours are RGB in [0, 255]."""

    asphalt: np.ndarray
    edge_line: np.ndarray
    edge_m: float  # half the width of the edge line; 0 for none
    center_line: np.ndarray
    shoulder: str  # "paved", "gravel" or "turf"
    shoulder_m: float
    pole: str
    shield: str
    shield_fill: np.ndarray
    shield_text: np.ndarray


@dataclass(frozen=True)
class Surroundings:
    """Plants, buildings and roads around a place; shares lie in [0, 1]."""

    soil: np.ndarray
    grass: np.ndarray
    rock: np.ndarray
    plants: dict[str, float]
    crops: dict[str, float]
    fences: dict[str, float]
    houses: dict[str, float]
    landmarks: dict[str, float]
    trees: float
    brush: float
    cropped: float
    cover: float
    forest: float
    rolling_m: float
    mesa: float
    town: Town
    town_km: float
    urban: float
    roads: StateRoads


def surroundings(latitude: float, longitude: float, state: str) -> Surroundings:
    """The surroundings of a place; they do not depend on chance or on the drive."""
    weights = _region_weights(latitude, longitude)
    rows = _table("regions")
    forest, dryness = land_cover(np.array([latitude]), np.array([longitude]))
    local = float(value_noise(longitude * 1.7, latitude * 1.7, seed=5)) - 0.5

    def number(column: str) -> float:
        return float(weights @ np.array([float(row[column]) for row in rows]))

    def color(column: str) -> np.ndarray:
        return weights @ np.array([_rgb(row[column]) for row in rows])

    town, town_km, urban = nearest_town(latitude, longitude)
    trees = 0.6 * number("trees") + 0.4 * float(forest[0]) * (0.3 + number("trees"))
    return Surroundings(
        soil=color("soil") * (1 + 0.12 * local),
        grass=color("grass") * (1 - 0.10 * local),
        rock=color("rock"),
        plants=_shares(weights, [row["plants"] for row in rows]),
        crops=_shares(weights, [row["crops"] for row in rows]),
        fences=_shares(weights, [row["fence"] for row in rows]),
        houses=_shares(weights, [row["house"] for row in rows]),
        landmarks=_sums(weights, [row["landmarks"] for row in rows]),
        trees=min(1.0, trees),
        brush=number("brush"),
        cropped=number("cropped"),
        cover=float(np.clip(1.0 - 0.065 * dryness[0], 0.15, 1.0)),
        forest=float(forest[0]),
        rolling_m=number("rolling"),
        mesa=number("mesa"),
        town=town,
        town_km=town_km,
        urban=urban,
        roads=state_roads(state),
    )


def relief(latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height above the local plain in metres, and the index into STYLES of what stands there.

    A range is a bell around its line, broken into peaks by noise that is fixed to the ground; the
    Great Basin and the deserts of the south add parallel north-south ranges.
    """
    latitude, longitude = np.asarray(latitude, np.float64), np.asarray(longitude, np.float64)
    starts, ends, height, width, style = _range_segments()
    # One flat map for all: over a few dozen kilometres its error does not show in a silhouette.
    squeeze = np.cos(np.radians(latitude))[..., None]
    east = longitude[..., None] * squeeze * KM_PER_DEGREE
    north = latitude[..., None] * KM_PER_DEGREE
    x1, y1 = starts[:, 1] * squeeze * KM_PER_DEGREE, starts[:, 0] * KM_PER_DEGREE
    x2, y2 = ends[:, 1] * squeeze * KM_PER_DEGREE, ends[:, 0] * KM_PER_DEGREE
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2 + 1e-9
    along = np.clip(((east - x1) * (x2 - x1) + (north - y1) * (y2 - y1)) / length, 0, 1)
    distance = np.hypot(east - x1 - along * (x2 - x1), north - y1 - along * (y2 - y1)) / width
    cone = style == STYLES.index("cone")
    bell = np.where(cone, np.exp(-1.4 * distance), np.exp(-(distance**2)))
    heights = height * bell
    tallest = heights.argmax(-1)
    best = np.take_along_axis(heights, tallest[..., None], -1)[..., 0]
    kind = style[tallest]

    # The noise has its own map: a squeeze that changes with latitude would shear its ridges.
    x, y = longitude * KM_PER_DEGREE * NOISE_SQUEEZE, latitude * KM_PER_DEGREE
    peaks = ridged(x / 11, y / 11, seed=3, octaves=4)
    best = np.where(kind == STYLES.index("cone"), best, best * (0.35 + 1.0 * peaks))
    basin = _parallel_ranges(latitude, longitude, x, y)
    kind = np.where(basin > best, STYLES.index("basin"), kind)
    return np.maximum(best, basin), kind


def land_cover(latitude: np.ndarray, longitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tree cover in [0, 1] and dryness (about 0 in farmland, 14 in desert) off the raster."""
    green, dry, land = _raster()
    row = (90 - np.asarray(latitude)) * 2 - 0.5
    column = (np.asarray(longitude) + 180) * 2 - 0.5
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    total_green = total_dry = total = 0.0
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = np.abs(1 - i - (row - top)) * np.abs(1 - j - (column - left)) + 1e-6
        weight = (
            weight * land[top + i, left + j]
        )  # a pixel of sea says nothing about the land beside it
        total_green = total_green + weight * green[top + i, left + j]
        total_dry = total_dry + weight * dry[top + i, left + j]
        total = total + weight
    total = np.maximum(total, 1e-9)
    return smoothstep(total_green / total, 1.0, 13.0), np.maximum(total_dry / total, 0.0)


@functools.cache
def towns() -> tuple[Town, ...]:
    """Every town of the gazetteer, in the order of the file."""
    return tuple(
        Town(
            row["name"],
            row["state"],
            float(row["latitude"]),
            float(row["longitude"]),
            float(row["population"]),
        )
        for row in _table("towns")
    )


@functools.cache
def state_roads(state: str) -> StateRoads:
    """The look of a state's roads, by its name."""
    (row,) = [row for row in _table("states") if row["name"] == state]
    return StateRoads(
        asphalt=_rgb(row["asphalt"]),
        edge_line=_rgb(row["edge_line"]),
        edge_m=float(row["edge_m"]),
        center_line=_rgb(row["center_line"]),
        shoulder=row["shoulder"],
        shoulder_m=float(row["shoulder_m"]),
        pole=row["pole"],
        shield=row["shield"],
        shield_fill=_rgb(row["shield_fill"]),
        shield_text=_rgb(row["shield_text"]),
    )


def state_names() -> list[str]:
    """The ten states, in the order of the file."""
    return [row["name"] for row in _table("states")]


def nearest_town(latitude: float, longitude: float) -> tuple[Town, float, float]:
    """The town that weighs most here, its distance, and how built-up the place is in [0, 1]."""
    known = towns()
    radius = np.array([1.5 + town.population**0.5 / 75 for town in known])
    distance = _flat_km(
        latitude,
        longitude,
        np.array([town.latitude for town in known]),
        np.array([town.longitude for town in known]),
    )
    best = int((distance / radius).argmin())
    urban = float(np.exp(-0.5 * (distance[best] / (1.35 * radius[best])) ** 2))
    return known[best], float(distance[best]), urban


def offset(latitude: float, longitude: float, bearing_deg: float, km: float) -> tuple[float, float]:
    """The place that lies `km` away on a bearing; flat-map accuracy, for a few dozen kilometres."""
    bearing = np.radians(bearing_deg)
    north = km * np.cos(bearing) / KM_PER_DEGREE
    east = km * np.sin(bearing) / (KM_PER_DEGREE * np.cos(np.radians(latitude)))
    return float(latitude + north), float(longitude + east)


def _region_weights(latitude: float, longitude: float) -> np.ndarray:
    rows = _table("regions")
    places = np.array([[float(row["latitude"]), float(row["longitude"])] for row in rows])
    distance = _flat_km(latitude, longitude, places[:, 0], places[:, 1])
    # Relative to the nearest, so that a place far from every anchor is still of its nearest kind.
    weights = np.exp(-(distance**2 - distance.min() ** 2) / (2 * REGION_REACH_KM**2))
    return np.asarray(weights / weights.sum())


def _flat_km(
    latitude: float, longitude: float, latitudes: np.ndarray, longitudes: np.ndarray
) -> np.ndarray:
    squeeze = np.cos(np.radians((latitude + latitudes) / 2))
    return np.hypot(latitudes - latitude, (longitudes - longitude) * squeeze) * KM_PER_DEGREE


def _parallel_ranges(
    latitude: np.ndarray, longitude: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Metres of the north-south ranges of the Great Basin and of the southern deserts."""
    great_basin = np.hypot((latitude - 39.8) / 3.4, (longitude + 116.8) / 3.6)
    deserts = np.hypot((latitude - 32.1) / 1.7, (longitude + 106.9) / 2.2)
    share = np.maximum(
        1.0 * smoothstep(-great_basin, -1.15, -0.75), 0.6 * smoothstep(-deserts, -1.2, -0.7)
    )
    crest = ridged(x / 34 + 0.12 * np.sin(y / 40), y / 120, seed=11, octaves=2)
    return 1250 * share * smoothstep(crest, 0.35, 0.95) * (0.55 + 0.7 * ridged(x / 7, y / 9))


def _shares(weights: np.ndarray, texts: list[str]) -> dict[str, float]:
    """The weighted sums of `_sums`, scaled to add up to 1; faint far influences are left out."""
    kept = {name: amount for name, amount in _sums(weights, texts).items() if amount > 0.01}
    return {name: amount / sum(kept.values()) for name, amount in kept.items()}


def _sums(weights: np.ndarray, texts: list[str]) -> dict[str, float]:
    """Texts such as `fir:9 pine:1`, one a region, added up with the weights of the regions."""
    total: dict[str, float] = {}
    for weight, text in zip(weights, texts, strict=True):
        for part in text.split():
            name, _, amount = part.partition(":")
            total[name] = total.get(name, 0.0) + float(weight) * float(amount or 1)
    return total


@functools.cache
def _table(name: str) -> list[dict[str, str]]:
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rgb(text: str) -> np.ndarray:
    return np.array(ImageColor.getrgb(f"#{text}"), np.float64)


@functools.cache
def _range_segments() -> tuple[np.ndarray, ...]:
    """Starts and ends (latitude, longitude), height, half-width and style of every segment."""
    starts, ends, height, width, style = [], [], [], [], []
    for row in _table("ranges"):
        numbers = [float(part) for part in row["path"].split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        for start, end in itertools.pairwise(points):
            starts.append(start)
            ends.append(end)
            height.append(float(row["height_m"]))
            width.append(float(row["half_width_km"]))
            style.append(STYLES.index(row["style"]))
    return tuple(np.array(part) for part in (starts, ends, height, width, style))


@functools.cache
def _raster() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Greenness, dryness and land (0 or 1) of the half-degree raster, rows from the north."""
    import cartopy

    folder = Path(cartopy.__file__).parent / "data" / "raster" / "natural_earth"
    with Image.open(folder / "50-natural-earth-1-downsampled.png") as image:
        red, green, blue = np.moveaxis(np.asarray(image.convert("RGB"), np.float64), -1, 0)
    return green - red, red - green, (blue < red + 5).astype(np.float64)
