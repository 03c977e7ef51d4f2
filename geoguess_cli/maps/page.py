"""The page around a map: margins, heading and keys. All sizes are in inches."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely
from matplotlib.cm import ScalarMappable
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import shortened
from geoguess_cli.drawing.theme import Rect, axes
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.geodesy import from_unit_vectors, unit_vectors
from geoguess_cli.maps.canvas import Canvas
from geoguess_cli.maps.extent import Extent
from geoguess_cli.maps.panel import CAPTION, STEP
from geoguess_cli.maps.scales import Ticks
from geoguess_cli.wording import kilometres

_TOP, _FOOT, SIDE = 0.6, 0.66, 0.15  # space above, below and beside a map
WORLD_ASPECT = 2.0549  # width over height of the Equal Earth projection
LOCATOR = 0.5  # side of the locator
_GLOBE_PIXELS = 160

# Blocks in a column beside a map of a region.
_COLUMN, _COLUMN_GAP = 2.2, 0.2  # width, and distance from the map
_PHOTO_TALLEST, _BELOW_PHOTO, _BELOW_MARKS = 1.7, 0.2, 0.12
_LOWEST = 0.1  # least distance of a block from the foot of the page
_ABOVE_FOOT = 0.12  # above the block along the foot

# Blocks in a strip below a map of the world: widths, and distances of their left edges.
_STRIP_GAP = 0.25
_PHOTO_WIDE, _PHOTO_STEP = 2.4, 2.7
_MARKS_WIDE, _MARKS_STEP = 2.0, 2.3

_TITLE_LINE, _SUBTITLE_LINE = 0.34, 0.12  # above the map
_KEY_LEFT, _KEY_DROP, _KEY_WIDE, _KEY_TALL = 0.2, 0.22, 2.6, 0.1
_SCALE_DROP, _SCALE_TALL = 0.36, 0.24  # below the map


Blocks = tuple[Rect, Rect, Rect, Rect]
"""The places of photo, marks and guesses: beside a map of a region, below one of the world. The
last, along the foot of the page, is that of the training photos."""


@dataclass(frozen=True)
class Contents:
    """The contents of the blocks around a probability map.

    Attributes:
        photo_aspect: Height over width of the photo; 0 without a photo.
        caption: Whether a line stands under the photo.
        marks: Number of marks in the list.
        guesses: Number of guesses in the list.
        foot: Height of the block along the foot of the page; 0 without one.
    """

    photo_aspect: float
    caption: bool
    marks: int
    guesses: int
    foot: float = 0.0

    @property
    def photo_height(self) -> float:
        """Height of the photo and its caption in the column beside the map."""
        below = CAPTION if self.photo_aspect and self.caption else 0.0
        return min(_COLUMN * self.photo_aspect, _PHOTO_TALLEST) + below

    @property
    def gap(self) -> float:
        """Free space below the photo."""
        return _BELOW_PHOTO if self.photo_aspect else 0.0

    @property
    def height(self) -> float:
        """Height of that column."""
        lists = STEP * (self.marks + self.guesses)
        return self.photo_height + self.gap + lists + _BELOW_MARKS

    @property
    def aspects(self) -> tuple[float, float]:
        """Least and greatest width over height of a map about as tall as the column."""
        room = theme.WIDTH - 2 * SIDE - _COLUMN - _COLUMN_GAP
        fitting = room / (self.height - _FOOT + _LOWEST)
        least = float(np.clip(fitting, 0.9, 1.3))
        return least, 1.08 * least


def page_with_blocks(extent: Extent, contents: Contents) -> tuple[Figure, Rect, Blocks]:
    """An empty page, the place of the map on it, and the places of the blocks.

    Args:
        extent: The part of the Earth that the map shows.
        contents: The contents of the blocks.
    """
    marks, guesses = contents.marks, contents.guesses
    foot = contents.foot + _ABOVE_FOOT if contents.foot else 0.0
    along = (SIDE, _LOWEST, theme.WIDTH - 2 * SIDE, contents.foot)
    if extent.world:
        tall, low = STEP * max(guesses, marks), _LOWEST + foot
        figure, rect = page(extent, strip=tall + _STRIP_GAP + foot)
        marks_left = SIDE + (_PHOTO_STEP if contents.photo_aspect else 0.0)
        left = marks_left + _MARKS_STEP
        photo = (SIDE, low, _PHOTO_WIDE, tall)
        listed = (marks_left, low, _MARKS_WIDE, tall)
        guessed = (left, low, theme.WIDTH - SIDE - left, tall)
        return figure, rect, (photo, listed, guessed, along)
    _, (_, bottom, _, height) = page(extent, column=_COLUMN)
    strip = max(0.0, contents.height - height - bottom + _LOWEST) + foot
    figure, rect = page(extent, column=_COLUMN, strip=strip)
    left, top = theme.WIDTH - _COLUMN - SIDE, rect[1] + rect[3]
    photo = (left, top - contents.photo_height, _COLUMN, contents.photo_height)
    low = top - contents.photo_height - contents.gap - STEP * marks
    listed = (left, low, _COLUMN, STEP * marks)
    low -= _BELOW_MARKS + STEP * guesses
    return figure, rect, (photo, listed, (left, low, _COLUMN, STEP * guesses), along)


def page(extent: Extent, *, column: float = 0.0, strip: float = 0.0) -> tuple[Figure, Rect]:
    """An empty page and the place of the map on it.

    Args:
        extent: The part of the Earth that the map shows.
        column: Width to keep free to the right of the map.
        strip: Height to keep free below the map's keys.
    """
    width = theme.WIDTH - 2 * SIDE - (column + _COLUMN_GAP if column else 0.0)
    height = width / (WORLD_ASPECT if extent.world else extent.width_km / extent.height_km)
    figure = theme.new_figure(theme.WIDTH, _TOP + height + _FOOT + strip)
    return figure, (SIDE, _FOOT + strip, width, height)


def heading(figure: Figure, title: str, subtitle: str, colors: theme.Theme) -> None:
    """Write two lines above the map, cut where they would run into the locator."""
    width, height = theme.WIDTH - 2 * SIDE - LOCATOR - 0.1, _TOP - 0.1
    ax = theme.bare(axes(figure, (SIDE, figure.get_figheight() - _TOP, width, height)))
    ax.set(xlim=(0, width), ylim=(0, height))
    large: dict[str, Any] = {"fontsize": theme.TITLE, "fontweight": "bold"}
    small: dict[str, Any] = {"fontsize": theme.SMALL, "color": colors.muted}
    ax.text(0, _TITLE_LINE, shortened(ax, title, width, **large), **large)
    ax.text(0, _SUBTITLE_LINE, shortened(ax, subtitle, width, **small), **small)


def color_bar(
    figure: Figure, rect: Rect, colored: ScalarMappable, label: str, ticks: Ticks
) -> None:
    """Draw the key of the colours below the left end of the map.

    Args:
        figure: The page.
        rect: The place of the map.
        colored: The artist whose colours the key explains.
        label: Name and unit of the values.
        ticks: Values at which the key has ticks, with their labels.
    """
    ax = axes(figure, (rect[0] + _KEY_LEFT, rect[1] - _KEY_DROP, _KEY_WIDE, _KEY_TALL))
    bar = figure.colorbar(colored, cax=ax, orientation="horizontal")
    bar.set_label(label, fontsize=theme.SMALL, labelpad=2)
    bar.outline.set_linewidth(0)
    bar.ax.tick_params(labelsize=theme.TINY, length=2, pad=1.5)
    bar.set_ticks([value for value, _ in ticks])
    bar.minorticks_off()
    bar.set_ticklabels([text for _, text in ticks])


def scale_bar(figure: Figure, canvas: Canvas, rect: Rect, *, longest: float = 1.4) -> None:
    """Draw a scale in kilometres below the right end of a map; the world gets none.

    Args:
        figure: The page.
        canvas: The map.
        rect: The place of the map.
        longest: Greatest length of the bar.
    """
    if canvas.extent.world:
        return
    most = 72.0 * longest * canvas.km_per_point
    power = 10.0 ** np.floor(np.log10(most))
    length = power * max(step for step in (1, 2, 5) if step * power <= most)
    inches = length / canvas.km_per_point / 72.0
    place = (rect[0] + rect[2] - inches, rect[1] - _SCALE_DROP, inches, _SCALE_TALL)
    ax = theme.bare(axes(figure, place))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.plot(
        [0, 0, 1, 1], [1.0, 0.7, 0.7, 1.0], color=canvas.colors.ink, linewidth=0.9, clip_on=False
    )
    ax.text(0.5, 0.45, kilometres(float(length)), ha="center", va="top", fontsize=theme.TINY)


def draw_locator(figure: Figure, canvas: Canvas) -> None:
    """Draw a small globe with the frame of the map in the upper right corner; the world gets none.

    Land is looked up pixel by pixel: shapes would have to be cut at the rim.
    """
    extent = canvas.extent
    if extent.world:
        return
    corner = (theme.WIDTH - SIDE - LOCATOR, figure.get_figheight() - LOCATOR - 0.05)
    ax = theme.bare(axes(figure, (*corner, LOCATOR, LOCATOR)))
    lng = np.radians(extent.longitude)
    east = np.array([-np.sin(lng), np.cos(lng), 0.0])
    out = unit_vectors(np.array([[extent.latitude, extent.longitude]]))[0]
    view = np.stack([east, np.cross(out, east), out])

    side = (np.arange(_GLOBE_PIXELS) + 0.5) * 2 / _GLOBE_PIXELS - 1
    x, y = (grid.ravel() for grid in np.meshgrid(side, side))
    depth = np.sqrt(np.maximum(1 - x**2 - y**2, 0.0))
    latlng = from_unit_vectors(np.stack([x, y, depth], axis=1) @ view)
    is_land = shapely.contains_xy(_coarse_land(), latlng[:, 1], latlng[:, 0])
    colors = to_rgba_array([canvas.colors.sea, canvas.colors.globe])[is_land.astype(int)]
    rim = Circle((0.0, 0.0), 1.0, facecolor="none", edgecolor=canvas.colors.border, linewidth=0.5)
    globe = ax.imshow(
        colors.reshape(_GLOBE_PIXELS, _GLOBE_PIXELS, 4),
        extent=(-1, 1, -1, 1),
        origin="lower",
        aspect="auto",
        interpolation="antialiased",
        gid="locator",
    )
    ax.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05))
    globe.set_clip_path(ax.add_patch(rim))
    across, up, _ = view @ unit_vectors(canvas.frame()).T
    ax.fill(across, up, facecolor="none", edgecolor=canvas.colors.ink, linewidth=1.0, zorder=3)


@cache
def _coarse_land() -> shapely.Geometry:
    """All land, simplified for a globe half an inch wide."""
    land = shapely.union_all(shapely.simplify(load_basemap().land.geometries, 0.3))
    shapely.prepare(land)
    return land
