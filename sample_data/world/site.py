"""A photo while it is painted: the canvas, and the methods that put objects on it."""

from dataclasses import dataclass

import numpy as np

from world.canvas import VEGETATION, Canvas, Point, View
from world.geography import Surroundings
from world.ground import Road
from world.plants import SPECIES, VARIANTS, tinted
from world.sky import Light


@dataclass
class Site:
    """Canvas, camera, light and place; `rng` is the photo's own."""

    canvas: Canvas
    view: View
    light: Light
    around: Surroundings
    road: Road
    rng: np.random.Generator

    def lit(
        self, color: np.ndarray | tuple[int, int, int], y: float, shade: float = 1.0
    ) -> np.ndarray:
        """A surface's colour in this light, seen `y` metres away; `shade` darkens it."""
        color = np.asarray(color, np.float64) * shade * self.light.tint
        return self.light.haze(color, y / 1000)

    def side_shade(self, facing: float) -> float:
        """Brightness of an upright face; `facing` is -1 for left, 1 for right, 0 for the viewer."""
        toward = facing * self.light.sun_side if facing else -self.light.sun_ahead
        return 0.86 + 0.20 * self.light.direct * float(np.clip(toward * 1.5, -1, 1))

    def hidden(self, y: float) -> bool:
        """Whether the ground at `y` lies behind a crest of the road."""
        nearer = np.linspace(4.0, max(y - 1, 5.0), 60)
        rows = (self.view.eye_m - self.view.ground(nearer)) / nearer
        foot = (self.view.eye_m - float(self.view.ground(np.array(y)))) / y
        return bool(foot > rows.min() + 0.004)

    def plant(self, name: str, u: float, y: float, *, grow: float = 1.0) -> None:
        """Puts one plant of a species on the ground, with its shadow."""
        species = SPECIES[name]
        variant = int(self.rng.integers(VARIANTS))
        height_m = self.rng.uniform(*species.height_m) * grow
        hue = self.rng.normal(1.0, 0.05, 3)
        pixels = round(self.view.scale(y) * height_m)
        foot_x, foot_y = self.view.project(u, y)
        half = 0.5 * pixels * species.aspect
        outside = foot_x + half < 0 or foot_x - half > self.view.width
        if pixels < 3 or pixels > 1.5 * self.view.height or outside:
            return
        if pixels > 40:
            pixels -= pixels % 4  # fewer sizes to draw
        if name != "tuft":
            self.shadow(u, y, 0.42 * species.aspect * height_m, height_m)
        leaf = np.array(species.leaf) * (1 - species.grassy) + self.around.grass * species.grassy
        rgb, alpha = tinted(
            name,
            variant,
            pixels,
            mirrored=self.light.sun_side > 0,
            leaf=leaf * hue * self.light.tint * (0.84 + 0.16 * self.light.direct),
            wood=np.array(species.wood) * self.light.tint,
        )
        rgb = self.light.haze(rgb, y / 1000).astype(np.uint8)
        left, top = round(foot_x - rgb.shape[1] / 2), round(foot_y - rgb.shape[0] * 0.985)
        self.canvas.sprite(rgb, alpha, left, top, VEGETATION)

    def shadow(self, u: float, y: float, radius_m: float, height_m: float) -> None:
        """The shadow of an object on the ground, away from the sun, longer when it is low."""
        if self.light.direct < 0.1 or y > 260:
            return
        long = min(height_m / np.tan(np.radians(max(self.light.sun_deg, 12.0))), 2.2 * height_m)
        shift = -self.light.sun_side * long * 0.45
        center = self.view.project(u + shift, y)
        scale = self.view.scale(y)
        rx = scale * (radius_m + abs(shift) * 0.7)
        flat = self.view.eye_m / y
        ry = max(1.0, scale * radius_m * min(1.0, flat * 1.6))
        self.canvas.shadow(center, rx, ry, 0.42 * self.light.direct)

    def quad(
        self, corners: list[tuple[float, float, float]], color: np.ndarray, label: int
    ) -> None:
        """A flat surface given by its corners (u, y, z)."""
        points: list[Point] = [self.view.project(u, y, z) for u, y, z in corners]
        self.canvas.polygon(points, color, label)

    def bar(
        self,
        start: tuple[float, float, float],
        end: tuple[float, float, float],
        width_m: float,
        color: np.ndarray,
        label: int,
    ) -> None:
        """A post, rail or wire between two points (u, y, z)."""
        width = self.view.scale(min(start[1], end[1])) * width_m
        points = [self.view.project(*start), self.view.project(*end)]
        self.canvas.line(points, color, width, label)
