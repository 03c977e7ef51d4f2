"""A small map for the terminal: two pixels per character, guesses numbered as in the list."""

import numpy as np
from rich.color import Color
from rich.style import Style
from rich.text import Text

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.luma import luma
from geoguess_cli.geo.towns import load_towns
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.raster import Grid, Raster, fit_grid, rasterise
from geoguess_cli.wording import kilometres, percent

MAX_WIDTH, MAX_LINES = 76, 20
"""Greatest size of a map, in characters."""

_MIN_WIDTH = 20  # characters
_TOWNS, _CANDIDATES, _GAP = 6, 60, 3  # towns at most, towns that are tried, characters between them
_COAST = 0.35  # share of the sea's colour in a cell at sea, so that the coast stays visible
_SCALE_WIDTH = 24
SHADES = "░▒▓█"
ESTIMATE, TRUTH = "✕", "●"

RGB = tuple[int, int, int]

_RED = Style(color=theme.DARK_SCREEN["truth"])


def terminal_map(map_: ProbabilityMap, *, width: int, colors: bool) -> list[Text]:
    """The lines of a map: cells by probability, borders, guesses, estimate and truth.

    Colours follow the square root of the probability, as in the figures.

    Args:
        map_: The map.
        width: Width of the terminal, in characters.
        colors: Whether the terminal shows colours; if not, the map has shades.
    """
    width = max(_MIN_WIDTH, min(width, MAX_WIDTH))
    lines = min(MAX_LINES, round(width * MAX_LINES / MAX_WIDTH))
    grid = fit_grid(map_, width, 2 * lines)
    raster = rasterise(map_, grid)
    top = float(map_.probabilities.max())
    marks = _marks(map_, grid)
    blocks = _colored(raster, top, grid.pixel_km) if colors else _shaded(raster, top)
    for (line, column), (mark, style) in marks.items():
        blocks[line][column] = (mark, _over(style, blocks[line][column][1]) if colors else Style())
    body = [Text.assemble(*line) for line in blocks]
    return [*body, _scale(top, width) if colors else _shade_scale(top), _legend(map_, colors)]


def _marks(map_: ProbabilityMap, grid: Grid) -> dict[tuple[int, int], tuple[str, Style]]:
    """Characters over the map, by line and column; more important ones replace the others."""
    marks: dict[tuple[int, int], tuple[str, Style]] = {}
    dim, strong = Style(color=theme.DARK.country), Style(color=theme.DARK.name, bold=True)
    for line, column, name in _towns(grid):
        for k, letter in enumerate(f"·{name}"):
            marks[line, column + k] = (letter, dim)
    ranks = [str(rank) if rank < 10 else "+" for rank in range(1, len(map_.guesses) + 1)]
    points = [*zip(map_.partition.centroids[map_.guesses], ranks, strict=True)][::-1]
    points.append((map_.estimate, ESTIMATE))
    if map_.truth is not None:
        points.append((map_.truth, TRUTH))
    spots = grid.pixels(np.array([place for place, _ in points])).tolist()
    for (row, column), (_, mark) in zip(spots, points, strict=True):
        if row >= 0:
            marks[row // 2, column] = (mark, _RED + Style(bold=True) if mark == TRUTH else strong)
    return marks


def _towns(grid: Grid) -> list[tuple[int, int, str]]:
    """Line, column and name of the largest towns that fit, the largest first."""
    towns = load_towns()
    pixels = grid.pixels(towns.latlng)
    inside = np.flatnonzero(pixels[:, 0] >= 0)
    order = inside[np.argsort(-towns.population[inside], kind="stable")][:_CANDIDATES]
    chosen: list[tuple[int, int, str]] = []
    for (row, column), name in zip(pixels[order].tolist(), towns.take(order).names, strict=True):
        line, end = row // 2, column + 1 + len(name)
        free = all(
            abs(line - other) > 2 or column > start + 1 + len(taken) + _GAP or end + _GAP < start
            for other, start, taken in chosen
        )
        if free and end <= grid.width:
            chosen.append((line, column, name))
        if len(chosen) == _TOWNS:
            break
    return chosen


def _colored(raster: Raster, top: float, pixel_km: float) -> list[list[tuple[str, Style]]]:
    """Half blocks: the upper pixel is the colour of the character, the lower its background."""
    colors = _pixel_colors(raster, top, pixel_km)
    return [
        [_block(a, b) for a, b in zip(upper, lower, strict=True)]
        for upper, lower in zip(colors[::2], colors[1::2], strict=True)
    ]


def _pixel_colors(raster: Raster, top: float, pixel_km: float) -> list[list[RGB | None]]:
    """Colour of each pixel; None off the Earth."""

    # Greys, since the nearest of 256 colours to a dark bluish grey is a plain blue.
    sea, land, region, country = (
        np.full(3, np.mean(Color.parse(name).get_truecolor()))
        for name in (theme.DARK.sea, theme.DARK.land, theme.DARK.region, theme.DARK.country)
    )
    pixels = np.where(raster.land[..., None], land, sea)
    cell = ~np.isnan(raster.probabilities)
    share = np.sqrt(raster.probabilities[cell] / top)
    pixels[cell] = 255.0 * theme.SEQUENTIAL(share)[:, :3]
    pixels[cell & ~raster.land] += _COAST * (sea - pixels[cell & ~raster.land])
    for level, line, strength, widest_km in ((1, region, 0.25, 90.0), (2, country, 0.5, 150.0)):
        if pixel_km > widest_km:
            continue  # a line one pixel wide would cover whole countries
        here = raster.border == level
        pixels[here] += strength * (line - pixels[here])
    rounded = pixels.round().astype(int).tolist()
    return [
        [tuple(pixel) if on else None for pixel, on in zip(*row, strict=True)]
        for row in zip(rounded, raster.earth.tolist(), strict=True)
    ]


def _block(upper: RGB | None, lower: RGB | None) -> tuple[str, Style]:
    if upper is None:
        return ("▄" if lower else " "), Style(color=_color(lower))
    return "▀", Style(color=_color(upper), bgcolor=_color(lower))


def _color(rgb: RGB | None) -> Color | None:
    return Color.from_rgb(*rgb) if rgb is not None else None


def _over(mark: Style, block: Style) -> Style:
    """The style of a mark on the colour below it; a bright colour gets a dark mark."""
    ground = block.bgcolor or block.color
    if ground is None or mark.color is None:
        return mark
    bright = luma(*ground.get_truecolor()) > 130
    dark = Style(color=theme.DEEP_TRUTH if mark.color == _RED.color else theme.BLACK)
    return mark + (dark if bright else Style()) + Style(bgcolor=ground)


def _shaded(raster: Raster, top: float) -> list[list[tuple[str, Style]]]:
    """Shades of one colour, by the likelier of the two pixels; a dot on land without a cell."""
    share = np.sqrt(np.nan_to_num(raster.probabilities, nan=0.0) / top)
    level = np.fmax(share[::2], share[1::2])
    index = np.ceil(level * len(SHADES) - 0.5).astype(int)  # from an eighth of the scale
    land = raster.land[::2] | raster.land[1::2]
    return [
        [
            (SHADES[k - 1] if k > 0 else "·" if dry else " ", Style())
            for k, dry in zip(*row, strict=True)
        ]
        for row in zip(index.tolist(), land.tolist(), strict=True)
    ]


def _scale(top: float, width: int) -> Text:

    shares = np.linspace(0, 1, 2 * min(_SCALE_WIDTH, width - 20))
    colors = (255 * theme.SEQUENTIAL(shares)[:, :3]).round().astype(int).tolist()
    text = Text("0 % ")
    for left, right in zip(colors[::2], colors[1::2], strict=True):
        text.append("▌", Style(color=_color(tuple(left)), bgcolor=_color(tuple(right))))
    return text.append(f" {percent(top)}")


def _shade_scale(top: float) -> Text:

    least = [((k + 0.5) / len(SHADES)) ** 2 * top for k in range(len(SHADES))]
    steps = [f"{shade} {percent(p)}" for shade, p in zip(SHADES, least, strict=True)]
    return Text("from " + "  ".join(steps))


def _legend(map_: ProbabilityMap, colors: bool) -> Text:

    text = Text(f"{ESTIMATE} point estimate")
    if map_.truth is not None and map_.distance_km is not None:
        text.append("   ").append(TRUTH, _RED if colors else Style())
        text.append(f" truth, {kilometres(map_.distance_km)} away")
    count = min(map_.top_k, len(map_.partition))
    return text.append("   1 guess" if count == 1 else f"   1–{count} guesses")
