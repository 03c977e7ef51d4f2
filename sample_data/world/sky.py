"""The light of the hour, and the sky."""

from dataclasses import dataclass

import numpy as np

from world.canvas import SKY, View
from world.noise import fractal, smoothstep


@dataclass(frozen=True)
class Light:
    """Hour and weather of one photo. Nothing here depends on the place."""

    sun_deg: float  # above the horizon
    sun_side: float  # -1 left .. 1 right of the view
    sun_ahead: float  # 1 in front .. -1 behind
    clouds: float  # 0 clear .. 1 overcast
    haze_km: float  # where half of the contrast is gone
    seed: int

    @property
    def direct(self) -> float:
        """Strength of the sun itself, for shading and shadows."""
        return float((1 - smoothstep(self.clouds, 0.55, 0.95)) * min(1.0, 0.35 + self.sun_deg / 40))

    @property
    def tint(self) -> np.ndarray:
        """What the light does to a colour, a factor on each channel."""
        low = float(1 - smoothstep(self.sun_deg, 6.0, 30.0)) * self.direct
        warm = np.array([1.06, 0.90, 0.74]) * low + np.array([1.0, 1.0, 1.0]) * (1 - low)
        grey = 0.12 * float(smoothstep(self.clouds, 0.5, 1.0))
        return warm * (1.0 - grey)

    @property
    def horizon(self) -> np.ndarray:
        """Colour of the sky at the horizon, which is also the colour of haze."""
        low = float(1 - smoothstep(self.sun_deg, 6.0, 28.0)) * (1 - self.clouds)
        clear = np.array([203.0, 221, 236]) * (1 - low) + np.array([246.0, 216, 178]) * low
        return clear * (1 - self.clouds**1.5) + np.array([206.0, 209, 213]) * self.clouds**1.5

    @property
    def zenith(self) -> np.ndarray:
        """Colour of the sky overhead."""
        low = float(1 - smoothstep(self.sun_deg, 6.0, 28.0))
        clear = np.array([58.0, 122, 206]) * (1 - low) + np.array([104.0, 138, 186]) * low
        grey = 0.9 * self.clouds**1.5
        return clear * (1 - grey) + np.array([164.0, 170, 180]) * grey

    def haze(
        self, color: np.ndarray | tuple[int, int, int], distance_km: np.ndarray | float
    ) -> np.ndarray:
        """The colour as seen through the air of a distance."""
        share = np.asarray(1 - 0.5 ** (np.asarray(distance_km) / self.haze_km))[..., None]
        air = self.horizon * 0.93 + np.array([-6.0, -2, 4])
        return np.asarray(np.asarray(color) * (1 - share) + air * share)


def paint_sky(view: View, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """RGB pixels and labels of a canvas that is all sky."""
    rows = np.arange(view.height)[:, None]
    columns = np.arange(view.width)[None, :]
    above = np.clip((view.horizon - rows) / view.focal, 0.0, None)
    blend = (1 - np.exp(-4.6 * above))[..., None]
    sky = light.horizon * (1 - blend) + light.zenith * blend
    sky = np.broadcast_to(sky, (view.height, view.width, 3)).copy()

    # The glow around the sun, when it is ahead of the camera.
    sun_x = view.width / 2 + view.focal * light.sun_side * 1.1
    sun_y = view.horizon - view.focal * np.tan(np.radians(min(light.sun_deg, 60)))
    reach = np.hypot((columns - sun_x) / view.focal, (rows - sun_y) / view.focal)
    glow = np.exp(-3.0 * reach) * max(light.sun_ahead, 0.0) * light.direct
    sky += glow[..., None] * np.array([120.0, 100, 70])

    # Clouds lie on a plane overhead, so they crowd together towards the horizon.
    step = 2
    near = np.clip(above[::step], 0.012, None)
    across = (columns[:, ::step] - view.width / 2) / view.focal
    u, v = across / near * 0.9, 0.9 / near
    cover = 0.74 - 0.50 * light.clouds
    depth = fractal(u * 0.5, v * 0.5, seed=light.seed, octaves=5)
    lit = fractal(u * 0.5 + 0.25 * light.sun_side, v * 0.5 - 0.22, seed=light.seed, octaves=3)
    thick = smoothstep(depth, cover, cover + 0.16) * smoothstep(near, 0.02, 0.12)
    shade = np.clip(0.5 + 2.2 * (depth - lit), 0, 1)[..., None]
    white = np.array([252.0, 252, 252]) * light.tint**0.6
    dark = (light.horizon * 0.80 + light.zenith * 0.14) * (1 - 0.08 * light.clouds)
    cloud = dark * (1 - shade) + white * shade
    thick, cloud = (part.repeat(step, 0).repeat(step, 1) for part in (thick, cloud))
    thick = thick[: view.height, : view.width, None] * 0.94
    sky = sky * (1 - thick) + cloud[: view.height, : view.width] * thick
    return sky, np.full((view.height, view.width), SKY, np.uint8)
