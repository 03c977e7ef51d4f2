"""The one door to Bokeh: maps as its figures, which a page or a notebook draws without a network.

Everything that can change in a page is a model with a name: a source of columns, a glyph, the view
of a layer. A page's own script changes them through Bokeh's document, so no code travels with a
figure, and it works under a content-security policy that forbids `eval`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geoguess_cli.choices import ColorScale
from geoguess_cli.errors import DependencyError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive import palette
from geoguess_cli.maps.interactive.ground import Ground, Names, ground
from geoguess_cli.maps.interactive.layers import Columns, answer_columns, cell_columns
from geoguess_cli.maps.interactive.plane import Box, Plane, box_of, plane_of
from geoguess_cli.maps.probability_map import ProbabilityMap

try:
    import bokeh
    from bokeh.core.properties import value
    from bokeh.embed import json_item
    from bokeh.models import (
        BooleanFilter,
        CDSView,
        ColumnDataSource,
        GlyphRenderer,
        HoverTool,
        LinearColorMapper,
        MultiLine,
        PanTool,
        Patches,
        Plot,
        Range1d,
        ScaleBar,
        Scatter,
        Segment,
        TapTool,
        Text,
        WheelZoomTool,
    )
    from bokeh.models.annotations.dimensional import MetricLength
    from bokeh.models.glyph import Glyph
    from bokeh.models.glyphs import Line
except ImportError as error:
    raise DependencyError(
        "interactive maps need Bokeh, which is not installed; "
        "pip install 'geoguess-cli[interactive]'"
    ) from error

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_BAR = "#7f8b98"  # Bokeh paints the bar of a scale once: a grey for light pages and for dark ones
_WIDTH = 720  # pixels: of a figure that no page lays out

OUTLINES = ("credible_90", "credible_50")
MARKS = ("way", "guesses", "estimate", "truth")
"""Layers of an answer, from below; the names of places lie between outlines and marks."""

ABOUT_CELL = ("@photos photos in training", "cell @token, level @level")
"""What is said of any cell, with columns as `@name`."""

TIP_STYLES = (
    f"margin:-6px;padding:8px 12px;font:13px/1.45 {FONT};color:var(--map-ink,#1d2733);"
    "background:var(--map-panel,#fff);max-width:260px",
    "font-weight:600",
)
"""The styles that stand as attributes in what is said of a cell: a page may have to allow them."""


def map_figure(
    shown: ProbabilityMap,
    *,
    plane: Plane | None = None,
    scale: ColorScale = "root",
    dark: bool = False,
) -> Plot:
    """A probability map as a Bokeh figure: cells, borders, guesses, estimate, truth.

    Pan by dragging, zoom by the wheel; a cell tells its figures under the pointer.

    Args:
        shown: One photo's probabilities.
        plane: Where to draw it (default: the plane that shows the mass of it best).
        scale: How probabilities become colours, as in `probability_norm`.
        dark: Whether its colours are for a dark page.
    """
    extent = shown.extent()
    plane = plane or plane_of(extent)
    layers = answer_columns(shown, plane, scale)
    cells = {**cell_columns(shown.partition, plane), **layers.pop("cells")}
    tip = ("@share · rank @rank", *ABOUT_CELL)
    return _figure(plane, box_of(extent, plane), cells, layers, shade="shade", tip=tip, dark=dark)


def cells_figure(
    partition: Partition,
    plane: Plane,
    box: Box,
    columns: Columns,
    *,
    shade: str,
    tip: Sequence[str],
    dark: bool = False,
) -> Plot:
    """The cells of a partition as a Bokeh figure.

    Args:
        partition: The cells.
        plane: Where to draw them.
        box: What to show first, in kilometres on the plane.
        columns: Further columns, in the partition's order.
        shade: Which of them colours the cells, from 0 to 1.
        tip: Lines on a cell under the pointer, with columns as `@name`.
        dark: Whether its colours are for a dark page.
    """
    cells = {**cell_columns(partition, plane), **columns}
    return _figure(plane, box, cells, {}, shade=shade, tip=tip, dark=dark)


def item(figure: Plot) -> dict[str, Any]:
    """What `Bokeh.embed.embed_item` takes, ready for JSON."""
    return dict(json_item(figure))


def script_path() -> Path:
    """Bokeh's own script, as its wheel brings it."""
    return Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.min.js"


def _figure(
    plane: Plane,
    box: Box,
    cells: Columns,
    layers: dict[str, Columns],
    *,
    shade: str,
    tip: Sequence[str],
    dark: bool,
) -> Plot:
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
        **_colored(background_fill_color="beyond"),
    )
    under = ground(plane, box)
    _draw_ground(plot, under)
    drawn = _draw_cells(plot, cells, shade)
    for kind, width in (("region", 0.6), ("coast", 0.6), ("border", 0.9)):
        _draw_way(plot, kind, under, width)
    for name in OUTLINES:
        if name in layers:
            _draw_outline(plot, name, layers[name])
    _draw_picked(plot)
    written: list[Box] = []
    for kind, names in under.names.items():
        _draw_names(plot, kind, names, _with_room(names, box, written))
    for name in MARKS:
        if name in layers:
            _draw_mark(plot, name, layers[name])
    if plane.center is not None:  # the scale of a map of the world varies
        _draw_scale(plot)
    wheel = WheelZoomTool(zoom_on_axis=False)
    frame, bold = TIP_STYLES
    lines = "".join(f"<div>{line}</div>" for line in tip)
    tooltips = f'<div style="{frame}"><div style="{bold}">@place</div>{lines}</div>'
    plot.add_tools(
        PanTool(),
        wheel,
        TapTool(renderers=[drawn], mode="replace"),
        HoverTool(
            renderers=[drawn], tooltips=tooltips, show_arrow=False, point_policy="follow_mouse"
        ),
    )
    plot.toolbar.active_scroll = wheel
    _paint(plot, palette.DARK if dark else palette.LIGHT)
    return plot


def _colored(**names: str) -> dict[str, Any]:
    """Properties of a model that hold colours, by the names that the colours have in a palette.

    The model keeps the names as a tag, so that it can be painted anew for a dark page.
    """
    return {"tags": [{"colors": names}]}


def _paint(plot: Plot, colors: palette.Palette) -> None:
    for model in plot.references():
        for tag in model.tags:
            for name, color in tag.get("colors", {}).items():
                setattr(model, name, colors.named[color])
        if isinstance(model, LinearColorMapper):
            model.palette = colors.amounts


def _draw_ground(plot: Plot, under: Ground) -> None:
    for kind, (x, y) in under.fills:
        color = "land" if kind == "land" else "sea"
        # A line of its own colour hides the seams of what was cut.
        glyph = Patches(line_width=0.5, **_colored(fill_color=color, line_color=color))
        _add(plot, kind, {"xs": [x.astype(np.float32)], "ys": [y.astype(np.float32)]}, glyph)
    _draw_way(plot, "graticule", under, 0.5)


def _draw_cells(plot: Plot, columns: Columns, shade: str) -> GlyphRenderer:
    mapper = LinearColorMapper(name="amounts", low=0.0, high=1.0, **_colored(nan_color="missing"))
    fill = {"field": shade, "transform": mapper}
    # A line of its own colour keeps a speck in sight; edges are drawn over those that have room.
    look: dict[str, Any] = {"fill_color": fill, "line_color": fill, "line_width": 0.5}
    cell = Patches(fill_alpha=palette.CELL_ALPHA, **look)
    pointed_at = Patches(fill_color=fill, line_width=1.5, **_colored(line_color="ink"))
    source = ColumnDataSource(name="cells", data=columns)
    kept = [True] * len(columns["token"])
    renderer = GlyphRenderer(
        name="cells",
        data_source=source,
        glyph=cell,
        nonselection_glyph=cell,
        selection_glyph=cell,
        hover_glyph=pointed_at,
        view=CDSView(filter=BooleanFilter(name="cells_shown", booleans=kept)),
    )
    edge = Patches(fill_color=None, line_width=0.5, **_colored(line_color="cell_edge"))
    edges = GlyphRenderer(
        name="edges",
        data_source=source,
        glyph=edge,
        nonselection_glyph=edge,
        selection_glyph=edge,
        view=CDSView(filter=BooleanFilter(name="edges_shown", booleans=kept)),
    )
    plot.renderers += [renderer, edges]
    return renderer


def _draw_outline(plot: Plot, name: str, columns: Columns) -> None:
    """Draw a line around cells, on a halo that parts it from their colours."""
    dash: Any = "solid" if name == "credible_50" else [5, 4]
    halo = MultiLine(line_width=3.4, line_alpha=0.75, **_colored(line_color="halo"))
    line = MultiLine(line_width=1.5, line_dash=dash, **_colored(line_color="ink"))
    _add(plot, name, columns, halo, line)


def _draw_picked(plot: Plot) -> None:
    """The outline of the one cell that a page highlights, over all other lines; empty at first."""
    halo = Patches(fill_color=None, line_width=6.0, **_colored(line_color="halo"))
    line = Patches(fill_color=None, line_width=3.0, **_colored(line_color="accent"))
    _add(plot, "picked", {"xs": [], "ys": []}, halo, line)


def _draw_mark(plot: Plot, name: str, columns: Columns) -> None:
    """Draw the numbered guesses, the estimate, the truth, or the way between these two."""
    if name == "way":
        halo = MultiLine(line_width=4.2, line_alpha=0.8, **_colored(line_color="halo"))
        line = MultiLine(line_width=2.0, line_dash=[7, 4], **_colored(line_color="truth"))
        _add(plot, name, columns, halo, line)
    elif name == "guesses":
        # A page moves the numbers off each other, and a line then ties each to its place.
        tie = Segment(x0="x", y0="y", x1="at_x", y1="at_y", **_colored(line_color="ink"))
        disc = Scatter(
            x="at_x",
            y="at_y",
            size=20,
            line_width=1.2,
            **_colored(fill_color="panel", line_color="ink"),
        )
        text = _text("number", x="at_x", y="at_y", **_colored(text_color="ink"))
        _add(plot, name, columns, tie, disc, text)
    elif name == "estimate":
        halo = Scatter(marker="x", size=16, line_width=6.0, **_colored(line_color="halo"))
        cross = Scatter(marker="x", size=14, line_width=3.0, **_colored(line_color="ink"))
        _add(plot, name, columns, halo, cross)
    else:
        dot = Scatter(size=13, line_width=2.0, **_colored(fill_color="truth", line_color="halo"))
        _add(plot, name, columns, dot)


def _with_room(names: Names, box: Box, written: list[Box]) -> list[bool]:
    """Which names have room in a map of `_WIDTH` pixels; their boxes are added to `written`.

    A page's own script chooses anew whenever its map is zoomed or moved.
    """
    left, bottom, right, top = box
    km = (right - left) / _WIDTH
    kept = []
    for text, (x, y), room in zip(
        names.texts, names.places.tolist(), names.room_km.tolist(), strict=True
    ):
        wide, tall = 8.0 * len(text) * km, 22.0 * km
        start = x - wide / 2 if np.isfinite(room) else x
        own = (start, y - tall / 2, start + wide, y + tall / 2)
        inside = left < own[0] and bottom < own[1] and own[2] < right and own[3] < top
        free = inside and wide < room and not any(_meet(own, other) for other in written)
        if free:
            written.append(own)
        kept.append(free)
    return kept


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _draw_names(plot: Plot, kind: str, names: Names, shown: list[bool]) -> None:
    columns: dict[str, Any] = {
        "x": names.places[:, 0].astype(np.float32),
        "y": names.places[:, 1].astype(np.float32),
        "text": names.texts,
        "room": names.room_km.astype(np.float32),
    }
    glyphs: list[Glyph] = []
    style: dict[str, Any] = {"size": "12px", "weight": "normal"}
    if kind == "countries":
        style = {"size": "13px", "weight": "bold"}
    elif kind == "towns":
        columns |= {"side": ["left"] * len(names.texts), "dx": [7] * len(names.texts)}
        style |= {"text_align": "side", "x_offset": "dx"}
        dot = _colored(fill_color="ink", line_color="halo")
        glyphs.append(Scatter(size=6, line_width=1.5, **dot))
    # The outline of a text is drawn over it: it needs a text of its own, below.
    halo = _colored(text_color="halo", text_outline_color="halo")
    glyphs.append(_text("text", **style, text_outline_width=3, **halo))
    glyphs.append(_text("text", **style, **_colored(text_color=f"{kind}_name")))
    kept = BooleanFilter(name=f"{kind}_shown", booleans=shown)
    _add(plot, kind, columns, *glyphs, view=CDSView(filter=kept))


def _draw_scale(plot: Plot) -> None:
    colors = _colored(label_text_color="ink", background_fill_color="panel")
    scale = ScaleBar(
        range=plot.x_range,
        unit="km",
        dimensional=MetricLength(include=["m", "km"]),
        location="bottom_right",
        bar_length=0.16,
        bar_line_width=1.5,
        bar_line_color=_BAR,
        label_text_font=FONT,
        label_text_font_size="12px",
        background_fill_alpha=0.85,
        border_line_color=None,
        padding=6,
        margin=10,
        **colors,
    )
    plot.add_layout(scale)


def _draw_way(plot: Plot, kind: str, under: Ground, width: float) -> None:
    x, y = under.lines[kind].astype(np.float32)
    _add(plot, kind, {"x": x, "y": y}, Line(line_width=width, **_colored(line_color=kind)))


def _text(column: str, *, size: str = "12px", weight: str = "bold", **more: Any) -> Text:
    style: dict[str, Any] = {
        "text_font": value(FONT),
        "text_font_size": value(size),
        "text_font_style": value(weight),
        "text_align": "center",
        "text_baseline": "middle",
    }
    return Text(text=column, **{**style, **more})


def _add(
    plot: Plot, name: str, columns: dict[str, Any], *glyphs: Glyph, view: CDSView | None = None
) -> None:
    """Draw one source by several glyphs, the last on top; the source bears the name."""
    source = ColumnDataSource(name=name, data=columns)
    view = view or CDSView()
    for glyph in glyphs:
        plot.renderers.append(GlyphRenderer(data_source=source, glyph=glyph, view=view))
