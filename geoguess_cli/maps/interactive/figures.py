"""Maps as Bokeh figures, which a page or a notebook draws without a network."""

from collections.abc import Sequence
from importlib import resources
from typing import Any

from bokeh.embed import json_item
from bokeh.models import HoverTool, PanTool, Plot, Range1d, TapTool, WheelZoomTool
from bokeh.models.renderers import GlyphRenderer

from geoguess_cli.choices import ColorScale
from geoguess_cli.drawing import theme
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive import glyphs, palette
from geoguess_cli.maps.interactive.ground import ground, names_with_room
from geoguess_cli.maps.interactive.layers import LayerColumns, answer_columns, cell_columns
from geoguess_cli.maps.interactive.plane import Plane, PlaneBox, box_of, plane_of
from geoguess_cli.maps.probability_map import ProbabilityMap

OUTLINES = ("region_border", "credible_90", "credible_50")
MARKS = ("way", "guesses", "estimate", "truth")
"""Layers of an answer, from below; names of places lie between outlines and marks."""

TIP_STYLES = (
    f"margin:-6px;padding:8px 12px;font:13px/1.45 {glyphs.FONT};color:var(--map-ink,{theme.INK});"
    f"background:var(--map-panel,{theme.PAGE});max-width:260px",
    "font-weight:600",
)
"""The `style` attributes in the text about a cell, which a page's policy may have to allow."""


def about_cell(partition: Partition) -> tuple[str, str]:
    """Lines about any cell of a partition; `@name` stands for a column."""
    return f"@photos {partition.unit}s", "cell @token, level @level"


def map_figure(
    map_: ProbabilityMap,
    *,
    plane: Plane | None = None,
    scale: ColorScale = "root",
    dark: bool = False,
) -> Plot:
    """A probability map as a Bokeh figure: cells, borders, guesses, estimate, truth.

    Drag to move the map, turn the wheel to zoom, point at a cell to read its numbers.

    Args:
        map_: The answer to one photo.
        plane: The plane of the map (default: the one about the centre of its extent).
        scale: How probabilities become colours, as in `probability_norm`.
        dark: Whether its colours are for a dark page.
    """
    extent = map_.extent()
    plane = plane or plane_of(extent)
    layers = answer_columns(map_, plane, scale)
    cells, box = layers.pop("cells"), box_of(extent, plane)
    tip = ("@share · rank @rank", *about_cell(map_.partition))
    return cells_figure(map_.partition, plane, box, cells, layers, tip=tip, dark=dark)


def cells_figure(
    partition: Partition,
    plane: Plane,
    box: PlaneBox,
    columns: LayerColumns,
    layers: dict[str, LayerColumns] | None = None,
    *,
    shade: str = "shade",
    tip: Sequence[str],
    dark: bool = False,
) -> Plot:
    """The cells of a partition as a Bokeh figure.

    Args:
        partition: The cells.
        plane: The plane of the map.
        box: The part to show first, in kilometres on the plane.
        columns: Further columns, in the partition's order.
        layers: The columns of an answer's outlines and marks, by layer.
        shade: Name of the column that colours the cells, with values in [0, 1].
        tip: Lines about the cell under the pointer; `@name` stands for a column.
        dark: Whether its colours are for a dark page.
    """
    layers = layers or {}
    left, bottom, right, top = box
    plot = Plot(
        name="map",
        x_range=Range1d(left, right),
        y_range=Range1d(bottom, top),
        aspect_ratio=(right - left) / (top - bottom),
        sizing_mode="scale_width",
        toolbar_location=None,
        min_border=0,
        outline_line_color=None,
        border_fill_color=None,
        lod_threshold=None,
        **glyphs.colored(background_fill_color="beyond"),
    )
    under = ground(plane, box)
    glyphs.draw_ground(plot, under)
    cells = {**cell_columns(partition, plane), **columns}
    cell_layer = glyphs.draw_cells(plot, cells, shade)
    for kind, width in (("region", 0.6), ("coast", 0.6), ("border", 0.9)):
        glyphs.draw_lines(plot, kind, under, width)
    for name in OUTLINES:
        if name in layers:
            glyphs.draw_outline(plot, name, layers[name])
    glyphs.draw_highlight(plot)
    taken: list[PlaneBox] = []
    for kind, names in under.names.items():
        glyphs.draw_names(plot, kind, names, names_with_room(names, box, taken))
    for name in MARKS:
        if name in layers:
            glyphs.draw_mark(plot, name, layers[name])
    if plane.center is not None:  # on a map of the world the scale varies
        glyphs.draw_scale(plot)
    _add_tools(plot, cell_layer, tip)
    glyphs.paint(plot, palette.DARK if dark else palette.LIGHT)
    return plot


def item(figure: Plot) -> dict[str, Any]:
    """The figure as `Bokeh.embed.embed_item` takes it, ready for JSON; it holds no code."""
    return dict(json_item(figure))


def bokeh_script() -> str:
    """Bokeh's own script."""
    path = resources.files("bokeh").joinpath("server", "static", "js", "bokeh.min.js")
    return path.read_text(encoding="utf-8")


def _add_tools(plot: Plot, cells: GlyphRenderer, tip: Sequence[str]) -> None:
    """Let a reader move and zoom the map, and point at a cell for its `tip`."""
    wheel = WheelZoomTool(zoom_on_axis=False)
    frame, bold = TIP_STYLES
    lines = "".join(f"<div>{line}</div>" for line in tip)
    tooltips = f'<div style="{frame}"><div style="{bold}">@place</div>{lines}</div>'
    plot.add_tools(
        PanTool(),
        wheel,
        TapTool(renderers=[cells], mode="replace"),
        HoverTool(
            renderers=[cells], tooltips=tooltips, show_arrow=False, point_policy="follow_mouse"
        ),
    )
    plot.toolbar.active_scroll = wheel
