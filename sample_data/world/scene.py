"""A photo of the world, painted from the sky down to the dirt on the lens."""

from functools import partial

import numpy as np

from world import buildings, geography, roadside
from world.canvas import OTHER, SUPERSAMPLING, Canvas, View
from world.drives import Shot
from world.geography import Surroundings
from world.ground import Road, Side, paint_ground
from world.noise import value_noise
from world.plants import TREES
from world.ridges import paint_ridges
from world.site import Site
from world.sky import Light, paint_sky

WIDTH, HEIGHT = 288, 192

Thing = tuple[float, partial[None]]
"""Distance ahead in metres, and what draws it."""


def render(shot: Shot) -> tuple[np.ndarray, np.ndarray]:
    """The photo as uint8 RGB (192, 288, 3), and its labels (192, 288), see canvas.LABELS."""
    site, seed = _empty_site(shot)
    view, light, around = site.view, site.light, site.around
    pixels, labels = paint_sky(view, light)
    place = (shot.latitude, shot.longitude, shot.heading_deg)
    paint_ridges(pixels, labels, view, light, around, place)
    paint_ground(pixels, labels, view, light, around, site.road, seed)
    site.canvas = Canvas(pixels, labels)
    for y, draw in sorted(_things(site, shot), key=lambda thing: -thing[0]):
        if not site.hidden(y):
            draw()
    if shot.drive.bonnet is not None:
        roadside.bonnet(site, np.array(shot.drive.bonnet, float), shot.drive.bonnet_rise)
    photo, marks = site.canvas.photo()
    return _develop(photo, shot), marks


def objects(shot: Shot) -> tuple[Site, list[tuple[str, float]]]:
    """The scene of a photo, and kind and distance in metres of all that stands in it, unpainted."""
    site, _ = _empty_site(shot)
    return site, [(_kind(draw), y) for y, draw in _things(site, shot) if not site.hidden(y)]


def _kind(draw: "partial[None]") -> str:
    """What a drawing shows, such as `plant fir`, `fence rail` or `house adobe`."""
    words = [part for part in draw.args if isinstance(part, str)]
    return " ".join([draw.func.__name__, *words])


def _empty_site(shot: Shot) -> tuple[Site, int]:
    """Camera, light, place and road of a photo with nothing painted, and a seed for the ground."""
    rng = np.random.default_rng([shot.drive.seed, shot.number])
    around = geography.surroundings(shot.latitude, shot.longitude, shot.state)
    light, view = _light(shot, rng), _view(shot, around, rng)
    road = _road(shot, around, rng)
    seed = int(rng.integers(1 << 20))
    blank = np.zeros((view.height, view.width, 3)), np.zeros((view.height, view.width), np.uint8)
    return Site(Canvas(*blank), view, light, around, road, rng), seed


def _things(site: Site, shot: Shot) -> list[Thing]:
    """Everything that stands in the scene, in the order in which its chances are drawn."""
    things = [*_town(site), *_farms(site), *_plants(site), *_fences(site), *_poles(site)]
    return [*things, *_signs(site), *_traffic(site, shot)]


def _light(shot: Shot, rng: np.random.Generator) -> Light:
    turn = np.radians(shot.sun_azimuth_deg - shot.heading_deg)
    return Light(
        sun_deg=shot.sun_deg,
        sun_side=float(np.sin(turn)),
        sun_ahead=float(np.cos(turn)),
        clouds=shot.clouds,
        haze_km=shot.drive.haze_km,
        seed=int(rng.integers(200)),
    )


def _view(shot: Shot, around: Surroundings, rng: np.random.Generator) -> View:
    width, height = WIDTH * SUPERSAMPLING, HEIGHT * SUPERSAMPLING
    drive = shot.drive
    return View(
        width=width,
        height=height,
        focal=width / 2 / np.tan(np.radians(drive.field_of_view_deg / 2)),
        horizon=height * (drive.horizon + rng.normal(0, 0.006)),
        eye_m=drive.eye_m,
        lane_m={"highway": 1.85, "street": 2.6, "county": 1.1}[drive.road_kind],
        bend=float(rng.normal(0, 1.0) * 1.6e-4 * (1 + around.rolling_m / 40)),
        roll_m=min(4.0, around.rolling_m * 0.05) * rng.uniform(0.4, 1.0),
        roll_length_m=rng.uniform(240, 520),
        roll_phase=rng.uniform(0, 2 * np.pi),
    )


def _road(shot: Shot, around: Surroundings, rng: np.random.Generator) -> Road:
    kind = shot.drive.road_kind
    half = {"highway": 3.75, "street": 6.4, "county": 3.0}[kind]
    shoulder = {"highway": around.roads.shoulder_m, "street": 0.0, "county": 0.5}[kind]

    def side() -> Side:
        verge = half + shoulder + rng.uniform(4.5, 8.5)
        fields, start = [], 0.0
        while start < 2500:
            sown = rng.random() < around.cropped * (1 - around.urban) ** 1.5
            crop = str(rng.choice(list(around.crops), p=list(around.crops.values())))
            fields.append((start, crop if sown else "none"))
            start += rng.uniform(140, 700)
        return Side(verge, tuple(fields))

    return Road(kind, half, shoulder, shot.drive.passing, shot.along_m, side(), side())


def _sides(site: Site) -> tuple[tuple[int, Side], tuple[int, Side]]:
    return (-1, site.road.left), (1, site.road.right)


def _plants(site: Site) -> list[Thing]:
    """Trees, brush and tufts where nothing is sown, and the crops that stand at the verge."""
    around, rng = site.around, site.rng
    things: list[Thing] = []
    trees = {name: share for name, share in around.plants.items() if name in TREES}
    brush = {name: share for name, share in around.plants.items() if name not in TREES}
    clear = site.road.half_m + site.road.shoulder_m + 1.0
    tree_count = round((4 + 260 * around.trees**1.15) * (1 - 0.4 * around.urban)) * bool(trees)
    brush_count = round(190 * around.brush * (1 - 0.7 * around.urban)) * bool(brush)
    tuft_count = round(95 * (0.25 + around.cover) * (1 - 0.6 * around.urban))
    for kinds, count, near, far, margin in (
        (trees, tree_count, 16.0, 1100.0, 5.0),
        (brush, brush_count, 7.0, 260.0, 0.8),
        ({"tuft": 1.0}, tuft_count, 5.0, 60.0, 0.2),
    ):
        names = list(kinds)
        weights = np.array(list(kinds.values()))
        for _ in range(count):
            y = float((near**0.4 + rng.random() * (far**0.4 - near**0.4)) ** 2.5)
            sign, side = _sides(site)[rng.integers(2)]
            u = sign * (
                clear + margin + rng.exponential((10 + 0.45 * y) * (1 - 0.4 * around.trees))
            )
            name = str(rng.choice(names, p=weights / weights.sum()))
            clump = value_noise(np.array(u / 38), np.array((y + site.road.along_m) / 55), 43)
            sown = abs(u) > side.verge_m and side.crop_at(y) != "none"
            if sown and (name == "tuft" or y < 350 or rng.random() < 0.6):
                continue
            if name == "tuft" or float(clump) > 0.62 - 0.55 * around.trees or rng.random() < 0.3:
                things.append((y, partial(site.plant, name, u, y)))
    for sign, side in _sides(site):
        things += _hedges(site, sign, side, trees) + _standing_crop(site, sign, side)
    return things


def _hedges(site: Site, sign: int, side: Side, trees: dict[str, float]) -> list[Thing]:
    """Rows of trees between fields, where trees grow at all."""
    things: list[Thing] = []
    if not trees:
        return things
    names, weights = list(trees), np.array(list(trees.values()))
    for start, _ in side.fields[1:]:
        if site.rng.random() < 0.25 + 0.6 * site.around.trees and start < 1200:
            name = str(site.rng.choice(names, p=weights / weights.sum()))
            for step in range(int(site.rng.integers(8, 30))):
                u = sign * (side.verge_m + 6 + step * site.rng.uniform(7, 11))
                things.append((start, partial(site.plant, name, u, start)))
    return things


def _standing_crop(site: Site, sign: int, side: Side) -> list[Thing]:
    """The edge of a tall field, the trees of an orchard, the bales of a mown one."""
    rng = site.rng
    things: list[Thing] = []
    ends = [*(start for start, _ in side.fields[1:]), 2500.0]
    for (start, crop), end in zip(side.fields, ends, strict=True):
        first, last = max(start, 7.0), min(end, 240.0)
        if crop == "corn":
            rows = np.concatenate([[0.0], np.cumsum(1.3 * 1.018 ** np.arange(90))]) + first
            for y in rows[rows < last]:
                for deep in (0.0, 1.6, 3.4):
                    u = sign * (side.verge_m + 0.6 + deep)
                    things.append((float(y), partial(site.plant, "corn", u, float(y))))
        elif crop == "orchard":
            kind = "palm" if site.around.plants.get("palm", 0) > 0.3 else "oak"
            for y in np.arange(max(first, 12), last, 9.0).tolist():
                for row in range(6):
                    u = sign * (side.verge_m + 4 + 7 * row)
                    things.append((y, partial(site.plant, kind, u, y, grow=0.38)))
        elif crop == "hay" and first < last:
            for _ in range(int(rng.integers(0, 9))):
                y = float(rng.uniform(max(first, 22), max(last, 23)))
                u = sign * (side.verge_m + rng.exponential(22) + 3)
                things.append((y, partial(_bale, site, u, y)))
    return things


def _bale(site: Site, u: float, y: float) -> None:
    site.shadow(u, y, 0.9, 1.4)
    buildings.cylinder(site, u, y, (0, 1.35), 0.85, (206, 184, 112), OTHER)
    scale = site.view.scale(y)
    for size, shade in ((0.80, 0.92), (0.5, 0.82), (0.22, 0.92)):
        color = site.lit((206, 184, 112), y, shade)
        site.canvas.ellipse(site.view.project(u, y, 0.72), size * scale, size * scale, color, OTHER)


def _fences(site: Site) -> list[Thing]:
    around, rng = site.around, site.rng
    style = str(rng.choice(list(around.fences), p=list(around.fences.values())))
    things: list[Thing] = []
    for sign, side in _sides(site):
        if rng.random() < 0.72 * (1 - around.urban):
            u = sign * (side.verge_m - 0.7)
            ys = np.arange(rng.uniform(4, 8), 190, roadside.fence_posts(style)).tolist()
            things += [(y, partial(roadside.fence, site, style, u, y)) for y in ys]
    return things


def _poles(site: Site) -> list[Thing]:
    around, rng = site.around, site.rng
    if rng.random() > 0.55 + 0.35 * around.urban:
        return []
    sign, side = _sides(site)[rng.integers(2)]
    style, spacing = around.roads.pole, rng.uniform(42, 60)
    if style in ("hframe", "tall"):
        spacing *= 1.5
    u = sign * (side.verge_m + (3.5 if style == "hframe" else -1.6))
    first = rng.uniform(12, 40)
    # The pole behind the camera holds the other end of the nearest wires.
    ys = [first + spacing * step for step in range(14)]
    return [(y, partial(roadside.pole, site, style, u, y, y + spacing)) for y in ys if y < 620]


def _signs(site: Site) -> list[Thing]:
    rng = site.rng
    things: list[Thing] = []
    if site.road.kind == "county":
        return things
    u = site.road.half_m + site.road.shoulder_m + 1.6
    for chance, kinds, nearest in (
        (0.42, ("route",), 10),
        (0.30, ("speed", "curve", "towns"), 21),
    ):
        if rng.random() < chance:
            kind, y = str(rng.choice(kinds)), float(rng.uniform(nearest, nearest + 10))
            number = int(
                rng.choice([35, 45, 55, 65, 70]) if kind == "speed" else rng.integers(10, 99)
            )
            things.append((y, partial(roadside.sign, site, kind, u, y, number)))
    return things


def _town(site: Site) -> list[Thing]:
    """Houses, and in the middle of a larger town shops and towers."""
    around, rng = site.around, site.rng
    things: list[Thing] = []
    density = around.urban**0.8
    styles, shares = list(around.houses), list(around.houses.values())
    large = float(np.clip(np.log10(around.town.population / 20_000) / 1.8, 0, 1))
    for sign, side in _sides(site):
        y = float(rng.uniform(14, 40))
        while y < 420:
            if rng.random() < density:
                back = max(side.verge_m, site.road.half_m + 4)
                u = sign * (back + rng.uniform(2, 9))
                if rng.random() < around.urban * (0.25 + 0.5 * large) - 0.1:
                    tall = 1 + int(rng.exponential(0.3 + 4.5 * large * around.urban**3))
                    things.append((y, partial(buildings.shop, site, u, y, min(tall, 14))))
                else:
                    style = str(rng.choice(styles, p=shares))
                    things.append((y, partial(buildings.house, site, style, u, y)))
            y += rng.uniform(20, 34)
    if around.urban > 0.12 and large > 0.35:
        for _ in range(int(26 * large * around.urban)):
            y = float(rng.uniform(600, 1500))
            u = float(rng.normal(0, 0.30) * y)
            tall = int(rng.integers(6, 8 + int(26 * large)))
            if abs(u) > 40:
                things.append((y, partial(buildings.shop, site, u, y, tall)))
    if around.urban > 0.03 and large < 0.45 and rng.random() < 0.35:
        y, u = float(rng.uniform(160, 420)), float(rng.choice([-1, 1]) * rng.uniform(40, 120))
        paint = ((226, 230, 232), (150, 186, 206), (206, 176, 132))[rng.integers(3)]
        things.append((y, partial(buildings.water_tower, site, u, y, paint)))
    return things


def _farms(site: Site) -> list[Thing]:
    around, rng = site.around, site.rng
    things: list[Thing] = []
    open_land = (1 - around.urban) ** 2
    if rng.random() < open_land * (0.08 + 0.35 * around.cropped):
        y = float(rng.uniform(90, 380))
        u = float(rng.choice([-1, 1]) * rng.uniform(28, 90))
        style = str(rng.choice(list(around.houses), p=list(around.houses.values())))
        things.append((y + 26, partial(buildings.barn, site, u * 1.25, y + 26)))
        things.append((y, partial(buildings.house, site, style, u, y)))
    for kind, rate in around.landmarks.items():
        for _ in range(rng.poisson(1.5 * rate * open_land)):
            near, far = {"elevator": (180, 700), "turbine": (220, 500)}.get(kind, (35, 190))
            y = float(rng.uniform(near, far))
            across = 14 + 0.12 * y + rng.exponential(0.18 * y)
            u = float(rng.choice([-1, 1]) * across)
            things.append((y, partial(buildings.landmark, site, kind, u, y)))
    return things


def _traffic(site: Site, shot: Shot) -> list[Thing]:
    rng = site.rng
    things: list[Thing] = []
    busy = 0.25 + 0.5 * site.around.urban
    for lane, far in ((-1, 160.0), (1, 120.0)):
        if rng.random() < busy:
            y = float(rng.uniform(28, far))
            color = roadside.CAR_COLORS[rng.integers(len(roadside.CAR_COLORS))]
            things.append((y, partial(roadside.car, site, y, color, lane=lane, coming=lane < 0)))
    ahead = float(rng.uniform(11, 20))  # drawn in any case: a truck leaves the rest as it is
    lorry = shot.drive.truck
    if shot.truck and lorry is not None:
        things.append((ahead, partial(roadside.truck, site, ahead, lorry)))
    return things


def _develop(photo: np.ndarray, shot: Shot) -> np.ndarray:
    """What lens and sensor of the drive do to the picture."""
    rng = np.random.default_rng([shot.drive.seed, 999])  # the same dirt in every photo
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y = (columns - WIDTH / 2) / WIDTH, (rows - HEIGHT / 2) / WIDTH
    photo = photo * (1 - 0.30 * (x**2 + y**2))[..., None]
    for _ in range(shot.drive.dirt):
        cx, cy, size = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(4, 13)
        spot = np.exp(-((np.hypot(columns - cx, rows - cy) / size) ** 4))
        photo = photo * (1 - 0.32 * spot[..., None]) + 150 * 0.32 * spot[..., None]
    photo = photo * np.array(shot.drive.cast)
    photo = 255 * np.clip(photo / 255, 0, 1) ** 0.94
    return np.clip(photo + 0.5, 0, 255).astype(np.uint8)
