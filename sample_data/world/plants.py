"""Drawings of plants, made once per process from strokes and blobs, tinted where they are used.

A drawing is three planes: light on leaves, light on wood, and cover. The colour of leaves and wood
comes from the species and the place when it is planted.
"""

import functools
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SIDE = 192  # pixels of a drawing's height
VARIANTS = 7


@dataclass(frozen=True)
class Species:
    """Size in metres, width over height, and the colours of leaves and wood."""

    height_m: tuple[float, float]
    aspect: float
    leaf: tuple[int, int, int]
    wood: tuple[int, int, int]
    grassy: float = 0.12  # how far the leaves take the colour of the country's grass


SPECIES = {
    "fir": Species((13, 26), 0.46, (46, 76, 54), (84, 66, 52), 0.04),
    "pine": Species((12, 22), 0.56, (74, 100, 60), (142, 88, 58), 0.06),
    "juniper": Species((2.2, 4.6), 0.95, (76, 94, 62), (110, 86, 66), 0.08),
    "oak": Species((7, 12), 1.15, (86, 120, 50), (84, 70, 58)),
    "cottonwood": Species((11, 19), 0.86, (122, 154, 68), (126, 116, 102)),
    "aspen": Species((8, 13), 0.5, (146, 174, 76), (220, 216, 206)),
    "mesquite": Species((3, 5.2), 1.4, (122, 140, 76), (78, 64, 56)),
    "palm": Species((8, 14), 0.56, (96, 130, 62), (146, 122, 94), 0.04),
    "joshua": Species((3, 6), 0.95, (116, 128, 76), (120, 100, 78), 0.05),
    "sage": Species((0.7, 1.3), 1.5, (150, 156, 128), (120, 108, 92), 0.10),
    "creosote": Species((1.1, 2.0), 1.35, (112, 120, 62), (96, 84, 68), 0.05),
    "yucca": Species((0.9, 2.4), 0.72, (136, 150, 96), (206, 198, 160), 0.05),
    "ocotillo": Species((2.6, 4.6), 0.85, (124, 116, 74), (128, 108, 88), 0.05),
    "cactus": Species((0.7, 1.4), 1.3, (110, 142, 86), (196, 84, 96), 0.04),
    "tuft": Species((0.25, 0.7), 1.3, (150, 150, 90), (150, 140, 100), 0.9),
    "corn": Species((1.9, 2.3), 0.85, (90, 138, 54), (204, 178, 96), 0.10),
}
TREES = ("fir", "pine", "juniper", "oak", "cottonwood", "aspen", "mesquite", "palm", "joshua")


@functools.cache
def drawing(name: str, variant: int) -> Image.Image:
    """Three planes (leaf, wood, cover) of one plant as an RGB image, its foot at the bottom."""
    seed = sorted(SPECIES).index(name) * 100 + variant
    pen = _Pen(SPECIES[name].aspect, np.random.default_rng([77, seed]))
    _PAINTERS[name](pen)
    return pen.image.resize((pen.image.width // 2, pen.image.height // 2), Image.Resampling.BOX)


@functools.lru_cache(maxsize=4096)
def _sized(name: str, variant: int, height: int, mirrored: bool) -> np.ndarray:
    image = drawing(name, variant)
    width = max(1, round(height * SPECIES[name].aspect))
    small = image.resize((width, height), Image.Resampling.BOX if height < 40 else 1)
    planes = np.asarray(small, np.float32) / 255
    return planes[:, ::-1] if mirrored else planes


def tinted(
    name: str, variant: int, height: int, *, mirrored: bool, leaf: np.ndarray, wood: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """RGB and alpha (both uint8) of a plant `height` pixels high; light comes from the left.

    Args:
        name: The species.
        variant: Which of its drawings.
        height: Pixels from foot to top.
        mirrored: Whether light comes from the right instead.
        leaf: Colour of leaves in full light.
        wood: Colour of wood in full light.
    """
    planes = _sized(name, variant, height, mirrored)
    cover = np.maximum(planes[..., 2:], 1e-3)
    rgb = (planes[..., :1] * leaf + planes[..., 1:2] * wood) / cover * 1.75
    return np.clip(rgb, 0, 255).astype(np.uint8), (planes[..., 2] * 255).astype(np.uint8)


class _Pen:
    """Draws in a unit box: x from -0.5 to 0.5 of the width, y from 0 (foot) to 1 (top)."""

    def __init__(self, aspect: float, rng: np.random.Generator) -> None:
        self.height = SIDE * 2
        self.width = round(self.height * aspect)
        self.image = Image.new("RGB", (self.width, self.height))
        self._draw = ImageDraw.Draw(self.image)
        self.rng = rng

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (0.5 + x) * self.width, (1 - y) * self.height

    def stem(
        self, x0: float, y0: float, x1: float, y1: float, width: float, light: float = 0.62
    ) -> None:
        """A piece of wood, `width` in units of the height."""
        pixels = max(2, round(width * self.height))
        start, end = self.at(x0, y0), self.at(x1, y1)
        self._draw.line([start, end], fill=(0, int(light * 200), 255), width=pixels)
        lit = [(px - pixels * 0.25, py) for px, py in (start, end)]
        fill = (0, int(min(1.0, light * 1.3) * 200), 255)
        self._draw.line(lit, fill=fill, width=max(1, pixels // 2))

    def blade(self, x0: float, y0: float, x1: float, y1: float, width: float, light: float) -> None:
        """A leaf or a needle, as a stroke."""
        fill = (int(np.clip(light, 0.1, 1.0) * 200), 0, 255)
        pixels = max(2, round(width * self.height))
        self._draw.line([self.at(x0, y0), self.at(x1, y1)], fill=fill, width=pixels)

    def leaves(self, x: float, y: float, rx: float, ry: float, light: float) -> None:
        """A tuft of leaves; radii in units of the width and the height."""
        cx, cy = self.at(x, y)
        rx, ry = rx * self.width, ry * self.height
        fill = (int(np.clip(light, 0.1, 1.0) * 200), 0, 255)
        self._draw.ellipse((cx - rx, cy - ry, cx + rx, cy + ry), fill=fill)

    def crown(
        self, cy: float, rx: float, ry: float, *, count: int, size: float, fullness: float = 1.0
    ) -> None:
        """A round crown of many tufts, dark inside and below, bright up towards the light."""
        for shift in (-0.35, 0.35, 0.0):
            self.leaves(shift * rx, cy - 0.1 * ry, 0.55 * rx, 0.72 * ry, 0.36)
        for step in range(count):
            turn = self.rng.uniform(0, 2 * np.pi)
            reach = self.rng.uniform(0.1, 1.0) ** (0.5 / fullness)
            x, y = reach * np.cos(turn), reach * np.sin(turn)
            progress = step / count
            light = 0.34 + 0.30 * progress + 0.16 * y - 0.13 * x + self.rng.normal(0, 0.05)
            tuft = size * self.rng.uniform(0.6, 1.25) * (1.25 - 0.6 * progress)
            aspect = self.height / self.width
            self.leaves(x * rx, cy + y * ry, tuft * aspect, tuft * 0.85, light)


def _fir(pen: _Pen) -> None:
    pen.stem(0, 0, 0, 0.9, 0.022)
    levels = 15 + int(pen.rng.integers(4))
    for level in range(levels):
        share = level / levels
        y = 0.09 + 0.86 * share
        reach = 0.46 * (1 - share) ** 0.85 * pen.rng.uniform(0.82, 1.08) + 0.02
        for x in np.linspace(-reach, reach, 11):
            light = 0.40 + 0.24 * share - 0.30 * x + pen.rng.normal(0, 0.06)
            top = y + 0.09 * (1 - abs(x) / (reach + 0.01)) + 0.02
            pen.blade(x * 0.35, top, x, y - pen.rng.uniform(0, 0.03), 0.024, light)
    pen.blade(0, 0.90, 0, 0.995, 0.012, 0.6)


def _pine(pen: _Pen) -> None:
    lean = pen.rng.uniform(-0.05, 0.05)
    pen.stem(0, 0, lean, 0.9, 0.034, 0.72)
    for _ in range(9):
        y = pen.rng.uniform(0.42, 0.85)
        side = pen.rng.choice([-1, 1])
        pen.stem(lean * y, y, side * 0.3 * (1.15 - y), y + 0.05, 0.012)
    for step in range(60):
        y = pen.rng.uniform(0.38, 0.97)
        reach = 0.42 * np.sqrt(max(1.0 - y, 0.02)) * min(1.0, (y - 0.25) * 4)
        x = lean * y + pen.rng.uniform(-reach, reach)
        light = 0.34 + 0.28 * step / 60 + 0.18 * (y - 0.6) - 0.35 * x + pen.rng.normal(0, 0.05)
        pen.leaves(x, y, pen.rng.uniform(0.06, 0.12), pen.rng.uniform(0.022, 0.04), light)


def _juniper(pen: _Pen) -> None:
    pen.stem(0, 0, 0, 0.3, 0.06)
    pen.crown(0.30, 0.40, 0.28, count=80, size=0.08)
    pen.crown(0.54, 0.33, 0.38, count=110, size=0.08)


def _oak(pen: _Pen) -> None:
    pen.stem(0, 0, 0, 0.45, 0.075, 0.55)
    for side in (-1, 1):
        pen.stem(0, 0.28, side * 0.2, 0.55, 0.035, 0.5)
    pen.crown(0.62, 0.41, 0.30, count=130, size=0.085)


def _cottonwood(pen: _Pen) -> None:
    pen.stem(0, 0, 0.02, 0.5, 0.055, 0.62)
    pen.stem(0, 0.2, -0.16, 0.5, 0.03)
    pen.stem(0, 0.24, 0.18, 0.52, 0.03)
    for x, y, r in ((-0.18, 0.50, 0.22), (0.20, 0.53, 0.22), (0.0, 0.72, 0.26)):
        for step in range(60):
            turn, reach = pen.rng.uniform(0, 2 * np.pi), pen.rng.uniform(0, 1) ** 0.5
            dx, dy = reach * np.cos(turn), reach * np.sin(turn)
            light = 0.36 + 0.3 * step / 60 + 0.12 * dy - 0.12 * dx + 0.18 * (y - 0.5)
            size = pen.rng.uniform(0.03, 0.065)
            light += pen.rng.normal(0, 0.06)
            pen.leaves(x + dx * r * 0.85, y + dy * r * 0.95, size * 1.15, size, light)


def _aspen(pen: _Pen) -> None:
    pen.stem(0, 0, 0.02, 0.85, 0.03, 1.0)
    for y in np.arange(0.06, 0.4, 0.07):
        pen.stem(-0.02, y, 0.03, y, 0.008, 0.25)
    pen.crown(0.63, 0.36, 0.34, count=90, size=0.05, fullness=0.8)


def _mesquite(pen: _Pen) -> None:
    for x in (-0.28, -0.1, 0.12, 0.3):
        pen.stem(x * 0.15, 0, x, 0.55, 0.035, 0.5)
    pen.crown(0.62, 0.42, 0.30, count=100, size=0.062, fullness=0.7)


def _palm(pen: _Pen) -> None:
    lean = pen.rng.uniform(-0.08, 0.08)
    pen.stem(0, 0, lean, 0.82, 0.032, 0.7)
    for turn in np.linspace(-0.5, 3.64, 22):
        reach = pen.rng.uniform(0.8, 1.0)
        x, y = np.cos(turn) * 0.40 * reach, np.sin(turn) * 0.15 * reach
        light = 0.42 + 0.16 * np.sin(turn) - 0.10 * np.cos(turn) + pen.rng.normal(0, 0.06)
        pen.blade(lean, 0.82, lean + x * 0.6, 0.84 + y, 0.02, light)
        pen.blade(lean + x * 0.6, 0.84 + y, lean + x, 0.80 + y * 0.6 - 0.05, 0.014, light - 0.06)


def _joshua(pen: _Pen) -> None:
    pen.stem(0, 0, 0, 0.4, 0.075, 0.6)
    for tip_x, tip_y in ((-0.32, 0.72), (-0.12, 0.86), (0.12, 0.74), (0.33, 0.82), (0.02, 0.62)):
        pen.stem(0, 0.36, tip_x, tip_y, 0.05, 0.58)
        for turn in np.linspace(0, 2 * np.pi, 26):
            light = 0.48 + 0.18 * np.sin(turn) - 0.1 * np.cos(turn) + pen.rng.normal(0, 0.07)
            end_x, end_y = tip_x + 0.13 * np.cos(turn), tip_y + 0.12 * np.sin(turn)
            pen.blade(tip_x, tip_y, end_x, end_y, 0.012, light)


def _sage(pen: _Pen) -> None:
    for step in range(260):
        x = pen.rng.normal(0, 0.19)
        top = (0.92 - 1.5 * x * x) * pen.rng.uniform(0.55, 1.0)
        x = float(np.clip(x, -0.46, 0.46))
        light = 0.26 + 0.42 * top + 0.12 * step / 260 - 0.2 * x + pen.rng.normal(0, 0.08)
        pen.blade(x * 0.75, max(0.0, top - 0.3), x, top, 0.022, light)


def _creosote(pen: _Pen) -> None:
    for _ in range(16):
        x = pen.rng.uniform(-0.42, 0.42)
        y = pen.rng.uniform(0.6, 0.95) - abs(x) * 0.5
        pen.stem(0.04 * x, 0, x, y, 0.010, 0.55)
        for _ in range(9):
            t = pen.rng.uniform(0.45, 1.05)
            light = 0.42 + 0.28 * y * t - 0.15 * x + pen.rng.normal(0, 0.08)
            jx, jy = pen.rng.normal(0, 0.03, 2)
            pen.leaves(x * t + jx, y * t + jy, 0.028, 0.030, light)


def _yucca(pen: _Pen) -> None:
    pen.stem(0, 0.25, 0.01, 0.97, 0.018, 0.75)
    for y in np.linspace(0.66, 0.96, 12):
        pen.stem(pen.rng.uniform(-0.07, 0.0), y, pen.rng.uniform(0.0, 0.07), y, 0.03, 1.0)
    for turn in np.linspace(0.02, np.pi - 0.02, 34):
        reach = pen.rng.uniform(0.8, 1.0)
        light = 0.45 + 0.16 * np.sin(turn) - 0.14 * np.cos(turn) + pen.rng.normal(0, 0.09)
        pen.blade(0, 0.10, 0.47 * np.cos(turn) * reach, 0.10 + 0.36 * np.sin(turn), 0.014, light)


def _ocotillo(pen: _Pen) -> None:
    for x in np.linspace(-0.44, 0.44, 11):
        top = 0.97 - 0.5 * abs(x) * pen.rng.uniform(0.6, 1.2)
        light = 0.5 - 0.2 * x + pen.rng.normal(0, 0.06)
        pen.blade(0, 0.0, x * 0.55, top * 0.6, 0.016, light)
        pen.blade(x * 0.55, top * 0.6, x, top, 0.014, light + 0.1)


def _cactus(pen: _Pen) -> None:
    for step in range(16):
        y = 0.16 + 0.55 * step / 16 * pen.rng.uniform(0.7, 1.2)
        x = pen.rng.uniform(-0.34, 0.34) * (1.15 - y)
        light = 0.42 + 0.3 * y - 0.2 * x + pen.rng.normal(0, 0.05)
        pen.leaves(x, y, 0.105, 0.15, light - 0.14)
        pen.leaves(x - 0.012, y + 0.015, 0.088, 0.13, light)


def _tuft(pen: _Pen) -> None:
    for step in range(46):
        x = pen.rng.uniform(-0.46, 0.46)
        top = pen.rng.uniform(0.45, 1.0) * (1 - abs(x) * 0.8)
        light = 0.40 + 0.25 * step / 46 + pen.rng.normal(0, 0.09)
        pen.blade(x * 0.35, 0, x, top, 0.022, light)


def _corn(pen: _Pen) -> None:
    for step, x in enumerate(pen.rng.uniform(-0.42, 0.42, 12)):
        top = pen.rng.uniform(0.82, 0.95)
        light = 0.34 + 0.26 * step / 12
        pen.blade(x, 0, x, top, 0.03, light)
        pen.stem(x, top, x + pen.rng.uniform(-0.02, 0.02), top + 0.05, 0.016, 0.9)
        for y in np.linspace(0.15, top - 0.08, 6):
            side = pen.rng.choice([-1, 1])
            tip = x + side * pen.rng.uniform(0.08, 0.17)
            pen.blade(x, y, tip, y + 0.07, 0.026, light + 0.12 * y + pen.rng.normal(0, 0.05))
            pen.blade(tip, y + 0.07, tip + side * 0.05, y + 0.01, 0.018, light + 0.1 * y)


_PAINTERS = {
    "fir": _fir,
    "pine": _pine,
    "juniper": _juniper,
    "oak": _oak,
    "cottonwood": _cottonwood,
    "aspen": _aspen,
    "mesquite": _mesquite,
    "palm": _palm,
    "joshua": _joshua,
    "sage": _sage,
    "creosote": _creosote,
    "yucca": _yucca,
    "ocotillo": _ocotillo,
    "cactus": _cactus,
    "tuft": _tuft,
    "corn": _corn,
}
