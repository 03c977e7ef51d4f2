"""Objects along a road: fences, poles and wires, signs, other vehicles."""

import itertools

import numpy as np

from world.canvas import OTHER, VEHICLE, Point
from world.site import Site

WOOD, STEEL, LIMESTONE = (128, 112, 94), (120, 124, 126), (206, 190, 150)
CAR_COLORS = (
    (196, 200, 204), (236, 236, 236), (44, 46, 52), (150, 36, 34), (38, 70, 120), (92, 98, 104),
)  # fmt: skip
_SEGMENTS = {  # the strokes of digits, on a grid of 2 x 3 points numbered row by row
    "0": "01540", "1": "15", "2": "013245", "3": "0132354", "4": "02315",
    "5": "102354", "6": "104532", "7": "015", "8": "23102453", "9": "51023",
}  # fmt: skip


def fence_posts(style: str) -> float:
    """Metres between the posts of a fence."""
    return {"plank": 3.0, "pipe": 4.0, "buck": 3.6, "stone": 7.5}.get(style, 4.5)


def fence(site: Site, style: str, u: float, y: float) -> None:
    """One panel of fence: the post at `y` and the wires or rails to the next post."""
    far = y + fence_posts(style)
    if style == "buck":
        wood = site.lit((142, 124, 102), y)
        for lean in (-0.5, 0.5):
            site.bar((u - lean, y, 0), (u + lean * 0.6, y, 1.35), 0.14, wood, OTHER)
        heights: tuple[float, ...] = (0.45, 0.85, 1.2)
        rail, color = 0.12, wood
    elif style == "plank":
        color = site.lit((226, 222, 212), y)
        site.bar((u, y, 0), (u, y, 1.4), 0.16, color, OTHER)
        heights, rail = (0.5, 0.9, 1.3), 0.16
    elif style == "pipe":
        color = site.lit((96, 74, 62), y)
        site.bar((u, y, 0), (u, y, 1.4), 0.14, color, OTHER)
        heights, rail = (0.55, 0.95, 1.35), 0.09
    else:
        post, width = {
            "stone": (LIMESTONE, 0.34), "tpost": ((84, 104, 84), 0.07), "wire": (WOOD, 0.15),
        }[style]  # fmt: skip
        site.bar((u, y, 0), (u, y, 1.35), width, site.lit(post, y), OTHER)
        if style == "tpost":
            site.bar((u, y, 1.2), (u, y, 1.4), width, site.lit((236, 236, 228), y), OTHER)
        if y > 40:
            return
        heights, rail, color = (0.5, 0.8, 1.1, 1.3), 0.02, site.lit((134, 130, 124), y)
    for z in heights:
        site.bar((u, y, z), (u, far, z), rail, color, OTHER)


def pole(site: Site, style: str, u: float, y: float, far: float) -> None:
    """A utility pole at `y` and its wires to the next one, at `far`."""
    wood = site.lit((112, 92, 76), y)
    height, arms = 10.5, []
    if style == "hframe":
        height = 15.0
        for at in (-2.2, 2.2):
            site.bar((u + at, y, 0), (u + at, y, height), 0.34, wood, OTHER)
        site.bar((u - 4.2, y, 13.4), (u + 4.2, y, 13.4), 0.30, wood, OTHER)
        site.bar((u - 2.2, y, 9.0), (u + 2.2, y, 12.8), 0.16, wood, OTHER)
        site.bar((u + 2.2, y, 9.0), (u - 2.2, y, 12.8), 0.16, wood, OTHER)
        arms = [(-4.0, 12.6), (0.0, 12.6), (4.0, 12.6)]
    elif style == "tall":
        height = 17.0
        site.bar((u, y, 0), (u, y, height), 0.42, site.lit((150, 156, 160), y), OTHER)
        for z, side in ((16.2, 1), (14.2, -1), (12.2, 1)):
            site.bar((u, y, z), (u + 1.7 * side, y, z + 0.3), 0.22, site.lit(STEEL, y), OTHER)
            arms.append((1.7 * side, z))
    else:
        site.bar((u, y, 0), (u, y, height), 0.34, wood, OTHER)
        levels = {"cross": (9.7,), "double": (9.9, 8.6), "armless": ()}[style]
        for z in levels:
            site.bar((u - 1.3, y, z), (u + 1.3, y, z), 0.20, wood, OTHER)
            arms += [(-1.2, z + 0.3), (1.2, z + 0.3)]
        if style == "armless":
            arms = [(0.2, 10.4), (0.2, 9.4), (0.2, 8.2)]
    if y > 330:
        return
    wire = site.lit((54, 56, 60), y)
    for at, z in arms:
        steps = np.linspace(0, 1, 7)
        sag = 1.1 * 4 * steps * (1 - steps)
        points: list[Point] = [
            site.view.project(u + at, y + (far - y) * step, z - drop)
            for step, drop in zip(steps, sag, strict=True)
        ]
        site.canvas.line(points, wire, 1.0, OTHER)


def sign(site: Site, kind: str, u: float, y: float, number: int) -> None:
    """A sign on a post: "route", "speed", "curve" or "towns"."""
    post = site.lit((140, 142, 142), y)
    site.bar((u, y, 0), (u, y, 2.2), 0.10, post, OTHER)
    if kind == "speed":
        _panel(site, u, y, (0.62, 0.78), 2.3, (244, 244, 240))
        _digits(site, u, y, 2.15, 0.5, str(number), np.array([24, 24, 24]))
    elif kind == "curve":
        yellow = site.lit((244, 196, 38), y)
        corners = [(u - 0.8, y, 2.4), (u, y, 1.6), (u + 0.8, y, 2.4), (u, y, 3.2)]
        site.quad(corners, yellow, OTHER)
        ink = site.lit((24, 24, 24), y)
        site.bar((u - 0.1, y, 2.0), (u + 0.15, y, 2.5), 0.14, ink, OTHER)
        site.bar((u + 0.15, y, 2.5), (u - 0.15, y, 2.9), 0.14, ink, OTHER)
    elif kind == "towns":
        site.bar((u + 1.9, y, 0), (u + 1.9, y, 2.2), 0.10, post, OTHER)
        _panel(site, u + 0.95, y, (1.7, 0.72), 2.5, (24, 108, 74))
        ink = site.lit((240, 244, 240), y)
        for z, long in ((2.85, 1.5), (2.5, 1.1), (2.15, 1.7)):
            site.bar((u - 0.5, y, z), (u - 0.5 + long, y, z), 0.13, ink, OTHER)
            site.bar((u + 2.0, y, z), (u + 2.4, y, z), 0.13, ink, OTHER)
    else:
        _shield(site, u, y, number)


def car(site: Site, y: float, color: tuple[int, int, int], *, lane: int, coming: bool) -> None:
    """A car seen from its front or its back; `lane` is 1 on our side, -1 on the other."""
    u = lane * site.view.lane_m
    site.canvas.shadow(site.view.project(u, y), site.view.scale(y) * 1.1, 3, 0.6)
    body = site.lit(color, y, site.side_shade(0))
    dark = site.lit((30, 32, 36), y)
    glass = site.lit((70, 84, 98), y)
    for wheel in (-0.72, 0.72):
        _plate(site, (u + wheel - 0.14, u + wheel + 0.14), y, (0, 0.45), dark)
    _plate(site, (u - 0.92, u + 0.92), y, (0.25, 0.95), body)
    corners = [(u - 0.86, y, 0.95), (u + 0.86, y, 0.95), (u + 0.62, y, 1.5), (u - 0.62, y, 1.5)]
    site.quad(corners, body, VEHICLE)
    corners = [(u - 0.74, y, 1.0), (u + 0.74, y, 1.0), (u + 0.56, y, 1.42), (u - 0.56, y, 1.42)]
    site.quad(corners, glass, VEHICLE)
    lamp = site.lit((250, 246, 226) if coming else (206, 40, 36), y)
    for at in (-0.76, 0.76):
        _plate(site, (u + at - 0.13, u + at + 0.13), y, (0.62, 0.8), lamp)
    _plate(site, (u - 0.4, u + 0.4), y, (0.3, 0.42), dark)


def truck(site: Site, y: float, color: tuple[int, int, int]) -> None:
    """The back of the truck ahead, which is the same in every photo of a drive."""
    u = site.view.lane_m
    site.canvas.shadow(site.view.project(u, y), site.view.scale(y) * 1.6, 9, 0.65)
    dark = site.lit((32, 33, 36), y)
    for wheel in (-0.95, -0.62, 0.62, 0.95):
        _plate(site, (u + wheel - 0.15, u + wheel + 0.15), y, (0, 0.95), dark)
    body = site.lit(color, y, site.side_shade(0))
    _plate(site, (u - 1.28, u + 1.28), y, (0.95, 3.95), body)
    frame = site.lit(color, y, site.side_shade(0) * 0.74)
    for start, end in (
        ((-1.28, 0.95), (-1.28, 3.95)), ((1.28, 0.95), (1.28, 3.95)), ((0, 0.95), (0, 3.95)),
        ((-1.28, 3.95), (1.28, 3.95)), ((-0.35, 1.2), (-0.35, 3.7)), ((0.35, 1.2), (0.35, 3.7)),
    ):  # fmt: skip
        site.bar((u + start[0], y, start[1]), (u + end[0], y, end[1]), 0.07, frame, VEHICLE)
    _plate(site, (u - 1.3, u + 1.3), y, (0.8, 0.98), dark)
    red = site.lit((214, 44, 36), y)
    white = site.lit((240, 240, 236), y)
    for step in range(8):
        at = u - 1.25 + 0.3125 * step
        _plate(site, (at, at + 0.3125), y, (0.98, 1.08), red if step % 2 else white)
    for at in (-1.1, 1.1):
        _plate(site, (u + at - 0.12, u + at + 0.12), y, (0.6, 0.78), red)


def bonnet(site: Site, color: np.ndarray, rise: float) -> None:
    """The camera car's own bonnet, along the lower edge of the photo."""
    width, height = site.view.width, site.view.height
    x = np.linspace(-0.02, 1.02, 40)
    top = height * (1 - rise * (1 - (2 * x - 1) ** 4 * 0.8))
    outline = [(float(a * width), float(b)) for a, b in zip(x, top, strict=True)]
    corners = [(1.02 * width, height + 2.0), (-0.02 * width, height + 2.0)]
    site.canvas.polygon(outline + corners, color * site.light.tint, VEHICLE)
    gloss = color * 0.55 + site.light.horizon * 0.45
    band = [(a, b + 2) for a, b in outline] + [
        (a, b + 2 + height * rise * 0.22) for a, b in reversed(outline)
    ]
    site.canvas.polygon(band, gloss, VEHICLE)


def _plate(
    site: Site, u: tuple[float, float], y: float, z: tuple[float, float], color: np.ndarray
) -> None:
    (u0, u1), (z0, z1) = u, z
    site.quad([(u0, y, z0), (u1, y, z0), (u1, y, z1), (u0, y, z1)], color, VEHICLE)


def _panel(
    site: Site, u: float, y: float, half: tuple[float, float], z: float, color: tuple[int, int, int]
) -> None:
    for grow, ink in ((0.05, (236, 238, 234)), (0.0, color)):
        w, h = half[0] + grow, half[1] + grow
        corners = [(u - w, y, z - h), (u + w, y, z - h), (u + w, y, z + h), (u - w, y, z + h)]
        site.quad(corners, site.lit(ink, y), OTHER)


def _digits(
    site: Site, u: float, y: float, z: float, size: float, text: str, color: np.ndarray
) -> None:
    """Digits as strokes, `size` metres high, centred on `u` at height `z`."""
    ink = site.lit(color, y)
    for place, digit in enumerate(text):
        left = u + (place - len(text) / 2) * size * 0.72 + size * 0.1
        points = [
            (left + (int(stroke) % 2) * size * 0.5, y, z + size * (0.5 - 0.5 * (int(stroke) // 2)))
            for stroke in _SEGMENTS[digit]
        ]
        for start, end in itertools.pairwise(points):
            site.bar(start, end, size * 0.18, ink, OTHER)


def _shield(site: Site, u: float, y: float, number: int) -> None:
    """The state's own route marker."""
    roads = site.around.roads
    outlines: dict[str, list[tuple[float, float]]] = {
        "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
        "shield": [(0, -1.1), (0.8, -0.5), (1, 0.5), (0.6, 1), (-0.6, 1), (-1, 0.5), (-0.8, -0.5)],
        "tab": [(-1, -1), (1, -1), (1, 0.3), (0.3, 1.1), (-1, 1.1)],
        "trapezoid": [(-0.7, -1), (0.7, -1), (1.1, 1), (-1.1, 1)],
        "circle": [(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 20)],
        "sun": [
            (r * np.cos(a), r * np.sin(a))
            for a, r in zip(np.linspace(0, 2 * np.pi, 33), [1.2, 0.9] * 16 + [1.2], strict=True)
        ],
    }
    outline = outlines[roads.shield]
    for size, ink in ((0.76, np.array([30, 30, 30])), (0.68, roads.shield_fill)):
        corners = [(u + size * a, y, 2.7 + size * b) for a, b in outline]
        site.quad(corners, site.lit(ink, y), OTHER)
    _digits(site, u, y, 2.7, 0.6, str(number % 100), roads.shield_text)
