"""The ground in perspective: soil, grass, fields and the road."""

from dataclasses import dataclass

import numpy as np

from world.canvas import ROAD, TERRAIN, VEGETATION, View
from world.geography import Surroundings
from world.noise import fractal, smoothstep, value_noise
from world.sky import Light

NEAREST_M, FARTHEST_M = 2.0, 2600.0


@dataclass(frozen=True)
class Crop:
    """A crop as seen from the road; colour in RGB, lengths in metres."""

    color: tuple[int, int, int]
    rows_m: float  # between rows; 0 for a field without rows
    bare: float  # share of soil between the rows
    height_m: float


CROPS = {
    "wheat": Crop((218, 184, 98), 0.0, 0.0, 0.7),
    "corn": Crop((86, 134, 52), 2.6, 0.25, 2.1),
    "sorghum": Crop((158, 98, 58), 2.2, 0.25, 1.1),
    "cotton": Crop((120, 142, 86), 2.6, 0.55, 0.6),
    "hay": Crop((146, 174, 84), 0.0, 0.0, 0.2),
    "potato": Crop((66, 112, 62), 2.4, 0.35, 0.5),
    "beet": Crop((78, 134, 60), 1.8, 0.40, 0.4),
    "orchard": Crop((118, 150, 78), 7.0, 0.30, 0.1),
    "rice": Crop((136, 184, 84), 0.0, 0.0, 0.5),
}


@dataclass(frozen=True)
class Side:
    """One side of the road: where its land begins and what is sown there.

    `fields` holds (metres ahead, crop) in order of distance; "none" is open range.
    """

    verge_m: float
    fields: tuple[tuple[float, str], ...]

    def crop_at(self, y: float) -> str:
        """The crop at a distance ahead."""
        return [crop for start, crop in self.fields if start <= y][-1]


@dataclass(frozen=True)
class Road:
    """The road under the camera: "highway", "street" or "county" (unpaved)."""

    kind: str
    half_m: float
    shoulder_m: float
    dashed: bool
    along_m: float
    left: Side
    right: Side


def row_distances(view: View) -> np.ndarray:
    """Metres ahead of the ground seen in each row of the canvas; NaN where no ground is seen."""
    y = np.geomspace(NEAREST_M, FARTHEST_M, 3000)
    rows = view.horizon + view.focal * (view.eye_m - view.ground(y)) / y
    # A crest hides what lies lower behind it: keep the distances that rise above all nearer ones.
    highest = np.minimum.accumulate(rows)
    shown = rows <= highest + 1e-9
    seen_rows, seen_y = rows[shown][::-1], y[shown][::-1]
    wanted = np.arange(view.height) + 0.5
    distances = np.interp(wanted, seen_rows, seen_y)
    distances[wanted < seen_rows[0]] = np.nan
    return distances


def paint_ground(
    pixels: np.ndarray,
    labels: np.ndarray,
    view: View,
    light: Light,
    around: Surroundings,
    road: Road,
    seed: int,
) -> None:
    """Paints everything below the horizon, in place."""
    distances = row_distances(view)
    first = int(np.argmax(~np.isnan(distances)))
    y = distances[first:, None]
    x = (np.arange(view.width)[None, :] + 0.5 - view.width / 2) * y / view.focal
    u = x - view.road(y)
    along = y + road.along_m
    footprint = y / view.focal  # metres that one pixel spans, for anti-aliasing

    color, plants = _open_land(u, along, y, around, seed)
    color, plants = _fields(color, plants, u, along, y, footprint, around, road, seed)
    paved, color = _roadway(color, u, along, footprint, around, road, seed)
    # The slow light and shade of clouds and hollows keep wide land from looking flat.
    drift = 0.90 + 0.20 * fractal(u / 90, along / 160, seed=seed % 97 + 3, octaves=2)
    color = color * drift[..., None] * light.tint * (0.90 + 0.10 * light.direct)
    pixels[first:] = light.haze(color, np.broadcast_to(y / 1000, u.shape))
    labels[first:] = np.where(paved, ROAD, np.where(plants > 0.5, VEGETATION, TERRAIN))


def _open_land(
    u: np.ndarray, along: np.ndarray, y: np.ndarray, around: Surroundings, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bare soil and grass in patches, by how dry the country is."""
    near = np.clip(40 / y, 0.0, 1.0)  # fine grain only where a pixel can show it
    coarse = fractal(u / 9, along / 14, seed=seed % 89, octaves=3)
    fine = 0.5 + near * (value_noise(u / 0.45, along / 0.9, seed=7) - 0.5)
    grain = 0.5 + near * (value_noise(u / 0.12, along / 0.2, seed=8) - 0.5)
    patch = 0.68 * coarse + 0.25 * fine + 0.07 * grain
    edge = 0.78 - 0.56 * around.cover
    plants = smoothstep(patch, edge - 0.09, edge + 0.09)
    soil = around.soil * (0.87 + 0.10 * grain + 0.16 * coarse)[..., None]
    hue = (
        around.grass * (1 - 0.10 * coarse[..., None]) + np.array([16.0, 6, -6]) * coarse[..., None]
    )
    grass = hue * (0.80 + 0.30 * fine + 0.06 * grain)[..., None]
    # Sparse grass is dusty: it keeps some of the colour of what it grows on.
    grass = grass * (0.55 + 0.45 * around.cover) + soil * (0.45 - 0.45 * around.cover)
    return soil * (1 - plants[..., None]) + grass * plants[..., None], plants


def _fields(
    color: np.ndarray,
    plants: np.ndarray,
    u: np.ndarray,
    along: np.ndarray,
    y: np.ndarray,
    footprint: np.ndarray,
    around: Surroundings,
    road: Road,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    color, plants = color.copy(), plants.copy()
    for sign, side in ((-1, road.left), (1, road.right)):
        ends = [*(start for start, _ in side.fields[1:]), 1e9]
        for (start, name), end in zip(side.fields, ends, strict=True):
            inside = (sign * u > side.verge_m) & (y >= start) & (y < end)
            if name == "none" or not inside.any():
                continue
            crop = CROPS[name]
            us, ys = u[inside], np.broadcast_to(along, u.shape)[inside]
            fine = value_noise(us / 0.5, ys / 0.9, seed=12) - 0.5
            fine = fine * np.clip(30 * 0.02 / footprint.repeat(u.shape[1], 1)[inside], 0, 1)
            broad = fractal(us / 26, ys / 40, seed=seed % 71, octaves=2) - 0.5
            plant = np.array(crop.color) * 0.82 + around.grass * 0.18
            shade = plant * (1 + 0.30 * fine + 0.16 * broad)[..., None]
            if crop.rows_m:
                spread = footprint.repeat(u.shape[1], 1)[inside] / crop.rows_m
                fade = np.clip(1.3 - 2.2 * spread, 0, 1)
                wave = 0.5 + 0.5 * np.cos(2 * np.pi * us / crop.rows_m)
                gap = smoothstep(wave, 0.85 - crop.bare, 1.15 - crop.bare)
                gap = gap * fade + crop.bare * 0.7 * (1 - fade)
                shade = shade * (1 - gap[..., None]) + around.soil * 0.92 * gap[..., None]
            if name == "cotton":
                white = smoothstep(value_noise(us / 0.28, ys / 0.28, seed=14), 0.70, 0.85)
                white = white * np.clip(0.06 / footprint.repeat(u.shape[1], 1)[inside], 0, 1)
                shade = shade * (1 - white[..., None]) + 238 * white[..., None]
            if name == "rice":
                water = smoothstep(fractal(us / 14, ys / 30, seed=15, octaves=2), 0.52, 0.66)
                shade = (
                    shade * (1 - 0.7 * water[..., None])
                    + np.array([150.0, 172, 188]) * 0.7 * water[..., None]
                )
            color[inside] = shade
            plants[inside] = 1.0
    return color, plants


def _roadway(
    color: np.ndarray,
    u: np.ndarray,
    along: np.ndarray,
    footprint: np.ndarray,
    around: Surroundings,
    road: Road,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Which pixels are road, and the colours with road, shoulders and paint laid over."""
    aside = np.abs(u)

    def cover(middle: float, half: float, at: np.ndarray = aside) -> np.ndarray:
        """Share of a pixel inside a strip around `middle`."""
        return np.clip((half + footprint / 2 - np.abs(at - middle)) / footprint, 0, 1)[..., None]

    coarse = fractal(u / 1.6, along / 9, seed=seed % 83, octaves=2)[..., None]
    near = np.clip(0.03 / footprint, 0.0, 1.0)
    grain = (near * (value_noise(u / 0.06, along / 0.10, seed=19) - 0.5))[..., None]
    outer = road.half_m + road.shoulder_m
    ragged = aside + 0.30 * (value_noise(along / 1.7, u * 0, seed=23) - 0.5)
    if road.kind == "county":
        share = cover(0, outer, ragged)
        color = color * (1 - share) + _gravel(around) * (0.90 + 0.14 * coarse + 0.1 * grain) * share
        dirt = around.soil * (1.02 + 0.10 * coarse + 0.10 * grain)
        rut = np.exp(-(((aside - 1.0) / 0.42) ** 2))[..., None]
        dirt = dirt * (1 + 0.06 * rut) - 10 * (1 - rut) * coarse
        share = cover(0, road.half_m, ragged)
        return ragged < road.half_m, color * (1 - share) + dirt * share

    roads = around.roads
    # The stone in the asphalt is quarried near by.
    stone = 0.75 * (0.5 * around.rock + 0.5 * around.soil) + 6
    asphalt = 0.68 * roads.asphalt + 0.32 * stone
    if roads.shoulder == "turf":
        shoulder = 0.5 * _gravel(around) + 0.5 * around.grass
    else:
        shoulder = asphalt * 1.08 if roads.shoulder == "paved" else _gravel(around)
    shoulder = shoulder * (0.90 + 0.14 * coarse + 0.10 * grain)
    share = cover(0, outer, aside if roads.shoulder == "paved" else ragged)
    color = color * (1 - share) + shoulder * share
    tracks = np.exp(-(((aside - 0.95) / 0.35) ** 2)) + np.exp(-(((aside - 2.7) / 0.35) ** 2))
    asphalt = asphalt * (0.94 + 0.10 * coarse + 0.07 * grain - 0.07 * tracks[..., None])
    crack = smoothstep(value_noise(u / 3.0, along / 1.1, seed=seed % 61 + 31), 0.90, 0.95)
    asphalt = asphalt * (1 - 0.18 * crack * near)[..., None]
    share = cover(0, road.half_m)
    color = color * (1 - share) + asphalt * share
    if road.kind == "street":
        kerb = cover(road.half_m + 0.12, 0.14)
        color = color * (1 - kerb) + (0.7 * _gravel(around) + 46) * kerb
        walk = cover(road.half_m + 2.2, 0.9)
        color = color * (1 - walk) + (0.8 * _gravel(around) + 40) * (0.9 + 0.2 * coarse) * walk
    worn = 0.80 + 0.20 * coarse
    dash = (np.mod(along, 12.2) < 4.2)[..., None] if road.dashed else 1.0
    yellow = cover(-0.17, 0.09, u) + cover(0.17, 0.09, u) * dash
    color = color * (1 - yellow * worn) + roads.center_line * yellow * worn
    if road.half_m > 5.5:
        lane = cover(road.half_m / 2, 0.08) * (np.mod(along, 12.2) < 4.2)[..., None]
        color = color * (1 - lane * worn) + roads.edge_line * lane * worn
    if road.kind == "highway":
        white = cover(road.half_m - 0.28, roads.edge_m) * (roads.edge_m > 0)
        color = color * (1 - white * worn) + roads.edge_line * white * worn
    return aside < outer, color


def _gravel(around: Surroundings) -> np.ndarray:
    """The gravel of the country: half its soil, half washed stone."""
    return 0.6 * around.soil + 0.4 * np.array([178.0, 172, 160])
