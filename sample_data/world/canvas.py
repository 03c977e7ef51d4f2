"""The picture and its label layer: each call draws on both, so they agree."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

LABELS = ("other", "sky", "road", "vegetation", "terrain", "buildings", "vehicle")
OTHER, SKY, ROAD, VEGETATION, TERRAIN, BUILDING, VEHICLE = range(len(LABELS))
SUPERSAMPLING = 2

Point = tuple[float, float]


@dataclass(frozen=True)
class View:
    """A pinhole camera over a ground that rolls gently and carries a road that bends.

    Metres: `x` to the right of the camera, `y` ahead, `z` above the ground at the camera. `u` is
    the distance to the right of the road's middle.
    """

    width: int
    height: int
    focal: float
    horizon: float
    eye_m: float
    lane_m: float
    bend: float
    roll_m: float
    roll_length_m: float
    roll_phase: float

    def ground(self, y: np.ndarray) -> np.ndarray:
        """Height of the ground ahead, in metres; 0 under the camera."""
        y = np.asarray(y, np.float64)
        swing = 2 * np.pi / self.roll_length_m
        wave = np.sin(y * swing + self.roll_phase) - np.sin(self.roll_phase)
        return self.roll_m * wave * (1 - np.exp(-y / 120))

    def road(self, y: np.ndarray) -> np.ndarray:
        """`x` of the road's middle."""
        y = np.asarray(y, np.float64)
        bent = np.minimum(y, 350.0)
        return -self.lane_m + self.bend * (bent**2 / 2 + np.maximum(y - 350, 0) * 350)

    def project(self, u: float, y: float, z: float = 0.0) -> Point:
        """Pixel of the point `z` metres above the ground, `u` from the road's middle."""
        y = max(y, 0.5)
        x = u + float(self.road(np.array(y)))
        rise = self.eye_m - float(self.ground(np.array(y))) - z
        return self.width / 2 + self.focal * x / y, self.horizon + self.focal * rise / y

    def scale(self, y: float) -> float:
        """Pixels that one metre spans at distance `y`."""
        return self.focal / max(y, 0.5)


class Canvas:
    """An RGB image and its labels, at `SUPERSAMPLING` times the size of the photo."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        self.image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8), "RGB")
        self.labels = Image.fromarray(labels, "L")
        self._draw = ImageDraw.Draw(self.image)
        self._label = ImageDraw.Draw(self.labels)

    def polygon(self, points: list[Point], color: np.ndarray, label: int) -> None:
        """Fills a polygon."""
        self._draw.polygon(points, fill=_ink(color))
        self._label.polygon(points, fill=label)

    def line(self, points: list[Point], color: np.ndarray, width: float, label: int) -> None:
        """Draws a line `width` pixels wide, at least one."""
        pixels = max(1, round(width))
        self._draw.line(points, fill=_ink(color), width=pixels)
        self._label.line(points, fill=label, width=pixels)

    def ellipse(self, center: Point, rx: float, ry: float, color: np.ndarray, label: int) -> None:
        """Fills an ellipse."""
        box = (center[0] - rx, center[1] - ry, center[0] + rx, center[1] + ry)
        self._draw.ellipse(box, fill=_ink(color))
        self._label.ellipse(box, fill=label)

    def sprite(self, rgb: np.ndarray, alpha: np.ndarray, left: int, top: int, label: int) -> None:
        """Lays a drawing with soft edges over the picture; `alpha` is uint8."""
        mask = Image.fromarray(alpha, "L")
        self.image.paste(Image.fromarray(rgb, "RGB"), (left, top), mask)
        self.labels.paste(label, (left, top), mask.point(lambda a: 255 * (a > 127)))

    def shadow(self, center: Point, rx: float, ry: float, strength: float) -> None:
        """Darkens an ellipse of the ground; a shadow has no label of its own."""
        left, top = int(center[0] - rx), int(center[1] - ry)
        width, height = int(2 * rx) + 2, int(2 * ry) + 2
        if rx < 1 or left > self.image.width or left + width < 0 or height > self.image.height:
            return
        mask = Image.new("L", (width, height))
        ImageDraw.Draw(mask).ellipse((0, 0, 2 * rx, 2 * ry), fill=int(255 * strength))
        self.image.paste((28, 30, 38), (left, top), mask)

    def photo(self) -> tuple[np.ndarray, np.ndarray]:
        """Float RGB of the anti-aliased photo, and its labels (the most frequent of each block)."""
        width, height = (side // SUPERSAMPLING for side in self.image.size)
        small = self.image.resize((width, height), Image.Resampling.BOX)
        blocks = np.asarray(self.labels).reshape(height, 2, width, 2).swapaxes(1, 2)
        four = np.sort(blocks.reshape(height, width, 4), axis=-1)
        first, second, third, last = np.moveaxis(four, -1, 0)
        labels = np.where(second == third, second, np.where(third == last, last, first))
        return np.asarray(small, np.float64), labels.astype(np.uint8)


def _ink(color: np.ndarray) -> tuple[int, int, int]:
    red, green, blue = (int(min(max(channel, 0), 255)) for channel in color)
    return red, green, blue
