"""The numbers that a photo is painted from, as a reader of the scene might know them.

They tell how much of the place a photo can show at most: `benchmarks/ablation.py` finds the nearest
training scenes by them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from world import scene
from world.drives import Shot
from world.geography import Surroundings
from world.ground import Road
from world.ridges import rises
from world.site import Site

Parameters = dict[str, dict[str, float]]
"""Values by group and name."""

PLACE = ("ground", "land", "horizon", "road", "plants", "crops", "buildings", "fences")
"""Groups that the place alone decides: what stands there on average."""

PAINTED = ("ground", "horizon", "road painted", "objects", "fields")
"""Groups that are in the picture: what was drawn by chance from those averages."""

OTHERS = ("sky",)
"""A group that says nothing about the place."""

_FIELD_M = 600.0  # fields farther away are a few rows of pixels


def parameters(shot: Shot) -> Parameters:
    """The parameters of a photo; a name that is not in a group is 0."""
    site, standing = scene.objects(shot)
    around, road = site.around, site.road
    looks = _road(around, road)
    return {
        "ground": {
            **_channels("soil", around.soil),
            **_channels("grass", around.grass),
            **_channels("rock", around.rock),
            "cover": 255 * around.cover,
        },
        "land": {
            "trees": around.trees,
            "brush": around.brush,
            "cropped": around.cropped,
            "forest": around.forest,
            "rolling": around.rolling_m / 40,
            "mesa": around.mesa,
            "urban": around.urban,
        },
        "horizon": _horizon(site, shot),
        "road": looks,
        "road painted": {"gravel": 1.0} if road.kind == "county" else looks,
        "plants": dict(around.plants),
        "crops": _scaled(around.crops, around.cropped),
        "buildings": {
            **_scaled(around.houses, around.urban + 0.2 * around.cropped),
            **around.landmarks,
        },
        "fences": dict(around.fences),
        "objects": _objects(standing, around),
        "fields": _fields(road),
        "sky": {
            "sun": site.light.sun_deg / 90,
            "side": site.light.sun_side,
            "ahead": site.light.sun_ahead,
            "clouds": site.light.clouds,
            "haze": site.light.haze_km / 60,
        },
    }


def _channels(name: str, color: np.ndarray) -> dict[str, float]:
    return {f"{name} {channel}": float(value) for channel, value in zip("rgb", color, strict=True)}


def _scaled(shares: Mapping[str, float], amount: float) -> dict[str, float]:
    return {name: share * amount for name, share in shares.items()}


def _road(around: Surroundings, road: Road) -> dict[str, float]:
    """The road as the state builds it, where it is paved."""
    roads = around.roads
    return {
        **_channels("asphalt", roads.asphalt / 60),
        **_channels("middle", roads.center_line / 255),
        **_channels("edge", roads.edge_line / 255),
        f"shoulder {roads.shoulder}": 1.0,
        "shoulder": roads.shoulder_m,
        "edge": 10 * roads.edge_m,
        road.kind: 1.0,
    }


def _horizon(site: Site, shot: Shot) -> dict[str, float]:
    """How high the land stands at each distance, on average and at most, and how wooded it is."""
    place = (shot.latitude, shot.longitude, shot.heading_deg)
    values = {}
    for ridge, rise in rises(site.view, site.around, place):
        name = f"{ridge.distance_km:g} km"
        values[f"mean {name}"] = 20 * float(np.maximum(rise, 0).mean())
        values[f"top {name}"] = 20 * float(np.maximum(rise, 0).max())
        values[f"wooded {name}"] = 0.3 * float(ridge.wooded.mean())
    return values


def _objects(standing: Iterable[tuple[str, float]], around: Surroundings) -> dict[str, float]:
    """How much there is of each kind of object: the logarithm of their sizes in the picture."""
    seen: Counter[str] = Counter()
    for kind, metres in standing:
        words = kind if not kind.startswith("sign route") else f"{kind} {around.roads.shield}"
        seen[words] += 30 / max(metres, 5.0)
    return {kind: float(np.log1p(size)) for kind, size in seen.items()}


def _fields(road: Road) -> dict[str, float]:
    """Share of the roadsides that each crop takes."""
    shares: Counter[str] = Counter()
    for side in (road.left, road.right):
        starts = [start for start, _ in side.fields]
        for (start, crop), end in zip(side.fields, [*starts[1:], _FIELD_M], strict=True):
            shares[crop] += max(0.0, min(end, _FIELD_M) - start) / (2 * _FIELD_M)
    return dict(shares)
