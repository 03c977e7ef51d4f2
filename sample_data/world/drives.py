"""The drives: place and time of each photo, and the marks of the camera car on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from world import geography
from world.geography import Town

SEED = 20250428
DRIVES = 180
COUNTRY = "United States of America"

Locate = Callable[[np.ndarray], Sequence[str]]
"""The state at each (latitude, longitude) of an (n, 2) array; "" outside all of them."""


@dataclass(frozen=True)
class Drive:
    """The properties that all photos of a drive share; only `road_kind` depends on the place."""

    sequence: str
    seed: int
    road_kind: str
    passing: bool  # a dashed middle line
    clouds: float
    haze_km: float
    eye_m: float
    field_of_view_deg: float
    horizon: float  # share of the height
    bonnet: tuple[int, int, int] | None
    bonnet_rise: float
    dirt: int  # spots on the lens
    cast: tuple[float, float, float]  # gain of each channel
    truck: tuple[int, int, int] | None


@dataclass(frozen=True)
class Shot:
    """One photo to be painted."""

    id: str
    split: str
    latitude: float
    longitude: float
    state: str
    heading_deg: float
    captured_at: int  # epoch milliseconds
    sun_deg: float
    sun_azimuth_deg: float
    clouds: float
    truck: bool
    along_m: float
    number: int
    drive: Drive


def all_shots(locate: Locate, *, drives: int = DRIVES) -> list[Shot]:
    """Every photo of the world, drive by drive, in the order of the table.

    Args:
        locate: The state of a place.
        drives: Number of drives, `DRIVES` or more. The first `DRIVES` are the same in any world;
            the others are `train`, since a larger world is split by `geoguess data split`.
    """
    shots: list[Shot] = []
    starts = _starting_towns()
    splits = _splits(starts) + ["train"] * (drives - DRIVES)
    starts += _further_towns(drives - DRIVES)
    for number, (town, split) in enumerate(zip(starts, splits, strict=True)):
        shots += _drive(number, town, split, locate)
    return shots


def _splits(starts: list[Town]) -> list[str]:
    """The split of each drive.

    Whole drives are held out, at most one a town, and only of towns with another drive: of every
    three such towns, in the order of the table, one gives a drive to val and one to test.
    """
    rng = np.random.default_rng([SEED, 1])
    splits = ["train"] * len(starts)
    several = [town for town in dict.fromkeys(starts) if starts.count(town) > 1]
    for first in range(0, len(several), 3):
        for town, split in zip(several[first : first + 3], rng.permutation(3), strict=False):
            mine = [number for number, start in enumerate(starts) if start == town]
            splits[int(rng.choice(mine))] = ("val", "test", "train")[split]
    return splits


def _starting_towns() -> list[Town]:
    """A town for each of `DRIVES` drives: one for every town, the others by population."""
    known = geography.towns()
    weight = _weights()
    extra = DRIVES - len(known)
    # Largest remainders: as near to the weights as whole drives allow, with nothing random.
    share = weight / weight.sum() * extra
    count = np.floor(share).astype(int)
    most = np.argsort(-(share - count), kind="stable")[: extra - count.sum()]
    count[most] += 1
    return [town for town, more in zip(known, count, strict=True) for _ in range(1 + more)]


def _further_towns(drives: int) -> list[Town]:
    """A town for each drive of a larger world, drawn by population."""
    known, weight = geography.towns(), _weights()
    picked = np.random.default_rng([SEED, 3]).choice(len(known), drives, p=weight / weight.sum())
    return [known[town] for town in picked]


def _weights() -> np.ndarray:
    """How many drives each town has beside others."""
    return np.array([town.population**0.33 for town in geography.towns()])


def _drive(number: int, town: Town, split: str, locate: Locate) -> list[Shot]:
    """The photos of one drive; tries again until all of them lie in the ten states."""
    known = set(geography.state_names())
    for attempt in range(200):
        rng = np.random.default_rng([SEED, 2, number, attempt])
        places, headings, steps = _path(rng, town)
        states = list(locate(places))
        if set(states) <= known:
            break
    else:
        raise RuntimeError(f"no drive from {town.name} stays in the ten states")
    _, _, urban = geography.nearest_town(*places[0])
    drive = _car_and_weather(number, rng, urban)
    day_ms, hour = _start_of_day(rng), rng.uniform(8.0, 17.5)
    season = 2 * np.pi * rng.uniform(-0.25, 0.25)  # spring to autumn
    clouds = np.clip(drive.clouds + np.cumsum(rng.normal(0, 0.05, len(places))), 0, 1)
    shots = []
    for frame, (latitude, longitude) in enumerate(places):
        seconds = float(steps[: frame + 1].sum()) * 3600 / 75
        sun = _sun(hour + seconds / 3600, season)
        utc_ms = (hour - longitude / 15) * 3_600_000 + seconds * 1000
        shots.append(
            Shot(
                id=f"{drive.sequence}-{frame:02d}",
                split=split,
                latitude=round(float(latitude), 6),
                longitude=round(float(longitude), 6),
                state=states[frame],
                heading_deg=float(headings[frame]),
                captured_at=int(day_ms + utc_ms),
                sun_deg=sun[0],
                sun_azimuth_deg=sun[1],
                clouds=float(clouds[frame]),
                truck=drive.truck is not None and bool(rng.random() < 0.75),
                along_m=float(rng.uniform(0, 5000)),
                number=frame,
                drive=drive,
            )
        )
    return shots


def _path(rng: np.random.Generator, town: Town) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places (n, 2), headings in degrees and the kilometres before each photo."""
    # Two in three drives begin in or near the town, the others out in the country.
    near = rng.random() < 0.66
    reach = 1.0 + town.population**0.5 / 75
    km = rng.gamma(2.0, 1.7 * reach) if near else rng.uniform(15, 75)
    latitude, longitude = geography.offset(
        town.latitude, town.longitude, rng.uniform(0, 360), float(km)
    )
    count = int(rng.integers(6, 8))
    heading = rng.uniform(0, 360)
    steps = np.clip(rng.lognormal(np.log(0.7 if near else 1.4), 0.5, count), 0.3, 3.0)
    steps[0] = 0.0
    places, headings = [], []
    for step in steps:
        latitude, longitude = geography.offset(latitude, longitude, heading, float(step))
        places.append((latitude, longitude))
        headings.append(heading % 360)
        heading += rng.normal(0, 14)
    return np.array(places), np.array(headings), steps


def _car_and_weather(number: int, rng: np.random.Generator, urban: float) -> Drive:
    kind = "highway"
    if rng.random() < 1.1 * urban - 0.3:
        kind = "street"
    elif rng.random() < 0.22 * (1 - urban):
        kind = "county"
    weather = rng.random()
    clouds = rng.uniform(0.05, 0.35) if weather < 0.5 else rng.uniform(0.35, 0.65)
    if weather > 0.85:
        clouds = rng.uniform(0.8, 1.0)
    with_bonnet, with_truck = rng.random() < 0.25, rng.random() < 0.12
    paint = ((60, 64, 70), (176, 180, 184), (120, 34, 32), (36, 60, 98), (214, 214, 210))
    lorry = ((238, 238, 236), (210, 214, 218), (206, 166, 60), (70, 104, 150), (150, 46, 40))
    red, green, blue = rng.normal(1.0, (0.02, 0.01, 0.024))
    exposure = rng.normal(1.0, 0.03)
    return Drive(
        sequence=f"d{number:03d}",
        seed=int(rng.integers(1 << 30)),
        road_kind=kind,
        passing=bool(rng.random() < 0.55),
        clouds=float(clouds),
        haze_km=float(rng.choice([22.0, 32.0, 45.0, 60.0], p=[0.1, 0.25, 0.35, 0.3])),
        eye_m=float(rng.uniform(1.9, 2.5)),
        field_of_view_deg=float(rng.uniform(64, 74)),
        horizon=float(rng.uniform(0.51, 0.58)),
        bonnet=paint[rng.integers(len(paint))] if with_bonnet else None,
        bonnet_rise=float(rng.uniform(0.05, 0.11)),
        dirt=int(rng.integers(2, 7)) if rng.random() < 0.2 else 0,
        cast=(float(red * exposure), float(green * exposure), float(blue * exposure)),
        truck=lorry[rng.integers(len(lorry))] if with_truck else None,
    )


def _start_of_day(rng: np.random.Generator) -> int:
    """Midnight (UTC) of some day from April to September of 2016 to 2023, in milliseconds."""
    year = int(rng.integers(2016, 2024))
    day = np.datetime64(f"{year}-04-01") + int(rng.integers(0, 180))
    return int(day.astype("datetime64[ms]").astype(np.int64))


def _sun(hour: float, season: float) -> tuple[float, float]:
    """Height and azimuth of the sun in degrees at a solar hour.

    The sun is always that of 40 degrees north, so that it does not reveal the latitude.
    """
    latitude, turn = np.radians(40.0), np.radians(15 * (hour - 12))
    tilt = np.radians(23.4) * np.cos(season)
    high = np.sin(latitude) * np.sin(tilt) + np.cos(latitude) * np.cos(tilt) * np.cos(turn)
    east = -np.cos(tilt) * np.sin(turn)
    north = np.cos(latitude) * np.sin(tilt) - np.sin(latitude) * np.cos(tilt) * np.cos(turn)
    return float(np.degrees(np.arcsin(high))), float(np.degrees(np.arctan2(east, north)))
