"""Houses, shops and towers, barns, and the landmarks of a trade: elevators, pumps, windmills."""

import itertools
from dataclasses import dataclass

import numpy as np

from world.canvas import BUILDING, OTHER
from world.site import Site

Color = tuple[int, int, int]


@dataclass(frozen=True)
class House:
    """The look of a house: walls to choose from, roof, trim, and the roof's shape."""

    walls: tuple[Color, ...]
    roofs: tuple[Color, ...]
    trim: Color
    wall_m: float
    roof_m: float  # height of the gable; 0 for a flat roof with a parapet


HOUSES = {
    "white": House(
        ((240, 238, 230), (226, 226, 214), (198, 212, 220)),
        ((92, 94, 98),),
        (250, 250, 248),
        4.2,
        3.0,
    ),
    "brick": House(
        ((156, 84, 66), (172, 104, 82)), ((104, 88, 78), (86, 80, 78)), (238, 230, 216), 3.0, 1.9
    ),
    "adobe": House(
        ((206, 150, 112), (190, 132, 98), (216, 170, 132)),
        ((168, 120, 90),),
        (44, 112, 140),
        3.6,
        0,
    ),
    "stucco": House(
        ((238, 220, 190), (230, 206, 178)),
        ((186, 96, 66), (172, 88, 62)),
        (250, 244, 232),
        3.2,
        1.5,
    ),
    "timber": House(
        ((104, 116, 106), (120, 108, 96), (92, 104, 118)),
        ((70, 72, 74),),
        (236, 234, 228),
        3.8,
        3.2,
    ),
    "log": House(
        ((138, 94, 60), (122, 84, 54)), ((58, 96, 78), (120, 60, 50)), (226, 208, 168), 3.0, 3.3
    ),
    "ranch": House(
        ((200, 192, 172), (178, 184, 182), (214, 204, 188)),
        ((176, 178, 180), (146, 92, 74)),
        (246, 246, 244),
        2.7,
        1.2,
    ),
}


def box(
    site: Site,
    u: tuple[float, float],
    y: tuple[float, float],
    z: tuple[float, float],
    color: Color | np.ndarray,
    label: int = BUILDING,
) -> None:
    """An upright box along the road: the side that faces the road, then the near end."""
    inner, facing = _inner(site, u)
    (u0, u1), (y0, y1), (z0, z1) = u, y, z
    side = site.lit(color, y0, site.side_shade(facing))
    site.quad([(inner, y0, z0), (inner, y1, z0), (inner, y1, z1), (inner, y0, z1)], side, label)
    front = site.lit(color, y0, site.side_shade(0))
    site.quad([(u0, y0, z0), (u1, y0, z0), (u1, y0, z1), (u0, y0, z1)], front, label)


def house(site: Site, style: str, u: float, y: float) -> None:
    """A house whose near inner corner stands at `u`, `y`."""
    look = HOUSES[style]
    wall = look.walls[site.rng.integers(len(look.walls))]
    roof = look.roofs[site.rng.integers(len(look.roofs))]
    wide, deep = site.rng.uniform(8, 11), site.rng.uniform(10, 17)
    span = (u, u + wide) if u > 0 else (u - wide, u)
    storeys = 2 if look.roof_m > 2.5 and site.rng.random() < 0.4 else 1
    top = look.wall_m + 2.6 * (storeys - 1)
    site.shadow((span[0] + span[1]) / 2, y + 2, wide * 0.7, top)
    box(site, span, (y, y + deep), (0, top), wall)
    _openings(site, look, span, (y, y + deep), top)
    if look.roof_m == 0:
        _vigas(site, span, y, deep, top, wall)
        return
    _gable(site, span, (y, y + deep), top, look.roof_m, roof, wall)


def shop(site: Site, u: float, y: float, storeys: int) -> None:
    """A flat-roofed block of a town; three storeys and more have bands of windows."""
    palette = ((188, 176, 160), (164, 120, 100), (206, 202, 194), (150, 158, 168), (196, 168, 132))
    # Towns are built of local material: brick of the local clay, or local stone.
    wall = 0.5 * np.array(palette[site.rng.integers(len(palette))]) + 0.5 * site.around.rock
    if site.around.houses.get("adobe", 0) > site.rng.random():
        wall = np.array(HOUSES["adobe"].walls[site.rng.integers(3)], float)
    wide, deep = site.rng.uniform(12, 22), site.rng.uniform(16, 30)
    span = (u, u + wide) if u > 0 else (u - wide, u)
    top = 4.2 + 3.3 * (storeys - 1)
    site.shadow((span[0] + span[1]) / 2, y + 2, wide * 0.6, top)
    box(site, span, (y, y + deep), (0, top), wall)
    inner, facing = _inner(site, span)
    glass = site.lit((92, 112, 130), y, site.side_shade(facing) * 1.05)
    sign = ((196, 60, 48), (44, 92, 160), (60, 128, 84), (232, 180, 52))[site.rng.integers(4)]
    for storey in range(storeys):
        low = 0.9 + 3.3 * storey + (0.5 if storey else 0)
        for window in np.arange(y + 1.5, y + deep - 2.5, 4.0):
            _side_pane(site, inner, (window, window + 2.6), (low, low + 1.8), glass)
        for window in np.arange(span[0] + 1.2, span[1] - 2.4, 3.6):
            _front_pane(site, (window, window + 2.2), y, (low, low + 1.8), glass)
    if storeys == 1:
        _side_pane(site, inner, (y + 1, y + deep - 1), (3.2, 4.0), site.lit(sign, y))


def barn(site: Site, u: float, y: float) -> None:
    """A farm's barn, red or bare metal, with a silo where grain is stored."""
    wall = ((158, 52, 44), (188, 190, 192), (150, 132, 112))[site.rng.integers(3)]
    span = (u, u + 12) if u > 0 else (u - 12, u)
    box(site, span, (y, y + 20), (0, 5), wall)
    _gable(site, span, (y, y + 20), 5, 4.2, (134, 136, 140), wall)
    middle = (span[0] + span[1]) / 2
    _front_pane(site, (middle - 1.8, middle + 1.8), y, (0, 3.6), site.lit((236, 232, 224), y, 0.9))


def landmark(site: Site, kind: str, u: float, y: float) -> None:
    """What stands in the fields: see the column `landmarks` of regions.csv."""
    _LANDMARKS[kind](site, u, y)


def cylinder(
    site: Site, u: float, y: float, z: tuple[float, float], radius: float, color: Color, label: int
) -> None:
    """An upright drum, shaded in strips from its lit to its dark side."""
    edges = np.linspace(-1, 1, 8)
    for left, right in itertools.pairwise(edges):
        middle = (left + right) / 2
        light = 0.86 + 0.20 * site.light.direct * middle * site.light.sun_side * 1.5
        light -= 0.10 * abs(middle)
        (u0, u1), (z0, z1) = (u + radius * left, u + radius * right), z
        color_here = site.lit(color, y, light)
        site.quad([(u0, y, z0), (u1, y, z0), (u1, y, z1), (u0, y, z1)], color_here, label)


def _elevator(site: Site, u: float, y: float) -> None:
    count = int(site.rng.integers(3, 7))
    for drum in range(count):
        cylinder(site, u + 7.4 * drum, y, (0, 30), 3.9, (226, 222, 210), BUILDING)
    head = u + 7.4 * (count // 2)
    box(site, (u - 3, u + 7.4 * count - 4), (y, y + 6), (30, 33), (214, 210, 198))
    box(site, (head - 4, head + 4), (y, y + 6), (30, 43), (206, 202, 192))


def _silo(site: Site, u: float, y: float) -> None:
    barn(site, u, y)
    outer = u + 16 if u > 0 else u - 16
    cylinder(site, outer, y, (0, 14), 2.7, (196, 202, 208), BUILDING)
    scale = site.view.scale(y)
    site.canvas.ellipse(
        site.view.project(outer, y, 14),
        2.7 * scale,
        1.7 * scale,
        site.lit((170, 178, 188), y),
        BUILDING,
    )


def _pumpjack(site: Site, u: float, y: float) -> None:
    steel = site.lit(((64, 62, 60), (150, 60, 44), (70, 96, 72))[site.rng.integers(3)], y)
    tilt = site.rng.uniform(-1.2, 1.2)
    side = 1 if site.rng.random() < 0.5 else -1
    for foot in (-1.8, 1.8):
        site.bar((u + foot, y, 0), (u, y, 6.2), 0.42, steel, OTHER)
    site.bar((u - 5 * side, y, 6.2 - tilt), (u + 5 * side, y, 6.2 + tilt), 0.75, steel, OTHER)
    head = (u + 5 * side, y, 6.9 + tilt)
    site.bar(head, (u + 5.5 * side, y, 3.8 + tilt), 1.1, steel, OTHER)
    site.bar((u + 5.6 * side, y, 4 + tilt), (u + 5.6 * side, y, 0), 0.15, steel, OTHER)
    site.bar((u - 5 * side, y, 6 - tilt), (u - 4.4 * side, y, 1.5), 0.35, steel, OTHER)
    box(site, (u - 6.4, u - 3.4), (y, y + 2), (0, 1.6), (120, 112, 104), OTHER)


def _turbine(site: Site, u: float, y: float) -> None:
    for _ in range(int(site.rng.integers(3, 8))):
        far = y * site.rng.uniform(2.2, 9)
        across = u * site.rng.uniform(2, 12) + site.rng.normal(0, 0.25) * far
        white = site.lit((242, 244, 246), far * 0.6, 0.95)
        site.bar((across, far, 0), (across, far, 82), 3.4, white, OTHER)
        turn = site.rng.uniform(0, 2 * np.pi)
        for blade in range(3):
            angle = turn + 2 * np.pi * blade / 3
            tip = (across + 42 * np.cos(angle), far, 82 + 42 * np.sin(angle))
            site.bar((across, far, 82), tip, 2.4, white, OTHER)


def _windmill(site: Site, u: float, y: float) -> None:
    steel = site.lit((148, 146, 142), y)
    for foot in (-1.4, 1.4):
        site.bar((u + foot, y, 0), (u, y, 10), 0.16, steel, OTHER)
    for z in (2.5, 5.0, 7.5):
        reach = 1.4 * (1 - z / 10)
        site.bar((u - reach, y, z), (u + reach, y, z), 0.12, steel, OTHER)
    site.bar((u, y, 10), (u + 2.6, y, 10.2), 0.5, steel, OTHER)
    for angle in np.linspace(0, 2 * np.pi, 14, endpoint=False):
        tip = (u + 1.9 * np.cos(angle), y, 10 + 1.9 * np.sin(angle))
        site.bar((u, y, 10), tip, 0.22, steel, OTHER)
    cylinder(site, u + 5, y, (0, 0.9), 2.6, (150, 156, 160), OTHER)


def _pivot(site: Site, u: float, y: float) -> None:
    steel = site.lit((196, 202, 206), y)
    step = 16 if u > 0 else -16
    for tower in range(7):
        at = u + step * tower
        for foot in (-1.4, 1.4):
            site.bar((at + foot, y, 0), (at, y, 4.2), 0.14, steel, OTHER)
        if tower < 6:
            middle = at + step / 2
            site.bar((at, y, 4.2), (middle, y, 4.9), 0.24, steel, OTHER)
            site.bar((middle, y, 4.9), (at + step, y, 4.2), 0.24, steel, OTHER)
            site.bar((at, y, 4.1), (at + step, y, 4.1), 0.10, steel, OTHER)


def water_tower(site: Site, u: float, y: float, color: Color) -> None:
    """The tank on legs by which a small town is known from afar."""
    for foot in (-5, -1.8, 1.8, 5):
        site.bar((u + foot, y, 0), (u + foot * 0.75, y, 27), 0.5, site.lit(color, y, 0.8), OTHER)
    cylinder(site, u, y, (27, 33), 6.5, color, BUILDING)
    scale = site.view.scale(y)
    for z, reach in ((33, 2.4), (27, 2.0)):
        center = site.view.project(u, y, z)
        site.canvas.ellipse(center, 6.5 * scale, reach * scale, site.lit(color, y, 0.94), BUILDING)


_LANDMARKS = {
    "elevator": _elevator,
    "silo": _silo,
    "pumpjack": _pumpjack,
    "turbine": _turbine,
    "windmill": _windmill,
    "pivot": _pivot,
}


def _inner(site: Site, u: tuple[float, float]) -> tuple[float, int]:
    """The wall of a box that faces the road, and the side it faces (-1 left, 1 right)."""
    return (u[0], -1) if u[0] > -site.view.lane_m / 2 else (u[1], 1)


def _side_pane(
    site: Site, u: float, y: tuple[float, float], z: tuple[float, float], color: np.ndarray
) -> None:
    (y0, y1), (z0, z1) = y, z
    site.quad([(u, y0, z0), (u, y1, z0), (u, y1, z1), (u, y0, z1)], color, BUILDING)


def _front_pane(
    site: Site, u: tuple[float, float], y: float, z: tuple[float, float], color: np.ndarray
) -> None:
    (u0, u1), (z0, z1) = u, z
    site.quad([(u0, y, z0), (u1, y, z0), (u1, y, z1), (u0, y, z1)], color, BUILDING)


def _openings(
    site: Site,
    look: House,
    u: tuple[float, float],
    y: tuple[float, float],
    top: float,
) -> None:
    """Windows with trim, and a door, on the two walls that can be seen."""
    inner, facing = _inner(site, u)
    glass = site.lit((74, 88, 102), y[0], site.side_shade(facing))
    trim = site.lit(look.trim, y[0], site.side_shade(facing))
    door = site.rng.integers(3)
    for low in np.arange(1.0, top - 1.3, 2.7):
        for number, start in enumerate(np.arange(y[0] + 1.3, y[1] - 2.2, 3.2)):
            if low < 1.5 and number == door:
                _side_pane(site, inner, (start, start + 1.3), (0, 2.2), trim)
                continue
            _side_pane(site, inner, (start - 0.2, start + 1.6), (low - 0.2, low + 1.5), trim)
            _side_pane(site, inner, (start, start + 1.4), (low, low + 1.3), glass)
        for start in np.arange(u[0] + 1.4, u[1] - 2.2, 3.2):
            _front_pane(site, (start - 0.2, start + 1.6), y[0], (low - 0.2, low + 1.5), trim)
            _front_pane(site, (start, start + 1.4), y[0], (low, low + 1.3), glass)


def _gable(
    site: Site,
    u: tuple[float, float],
    y: tuple[float, float],
    eaves: float,
    rise: float,
    roof: Color,
    wall: Color,
) -> None:
    """A roof with its ridge along the road: the near gable, then the slope that faces the road."""
    inner, facing = _inner(site, u)
    outer = u[1] if inner == u[0] else u[0]
    middle = (u[0] + u[1]) / 2
    over = 0.6 if inner > outer else -0.6
    front = site.lit(wall, y[0], site.side_shade(0) * 0.97)
    site.quad(
        [(u[0], y[0], eaves), (u[1], y[0], eaves), (middle, y[0], eaves + rise)], front, BUILDING
    )
    slope = site.lit(roof, y[0], site.side_shade(facing) * 1.05)
    low, high = eaves - 0.25, eaves + rise + 0.1
    near, far = y[0] - 0.6, y[1] + 0.6
    site.quad(
        [
            (inner + over, near, low),
            (inner + over, far, low),
            (middle, far, high),
            (middle, near, high),
        ],
        slope,
        BUILDING,
    )
    edge = site.lit(roof, y[0], 0.72)
    site.bar((outer - over, near, low), (middle, near, high), 0.28, edge, BUILDING)
    site.bar((inner + over, near, low), (middle, near, high), 0.28, edge, BUILDING)


def _vigas(
    site: Site, u: tuple[float, float], y: float, deep: float, top: float, wall: Color
) -> None:
    """The beam ends and stepped parapet of an adobe house."""
    inner, _ = _inner(site, u)
    box(site, u, (y, y + deep * 0.35), (top, top + 0.9), wall)
    beam = site.lit((92, 64, 46), y)
    for at in np.arange(y + 1, y + deep - 0.5, 1.6):
        out = inner - 0.7 if inner == u[0] else inner + 0.7
        site.bar((inner, at, top - 0.5), (out, at, top - 0.5), 0.28, beam, BUILDING)
