"""The layers of an interactive map as Bokeh's glyphs.

Everything that can change in a page is a model with a name: a source of columns, a glyph, the view
of a layer. A page's own script changes them through Bokeh's document, so no code travels with a
figure, and it works under a content-security policy that forbids `eval`.
"""

from typing import Any

import numpy as np
from bokeh.core.properties import value
from bokeh.models import (
    BooleanFilter,
    CDSView,
    ColumnDataSource,
    GlyphRenderer,
    LinearColorMapper,
    MultiLine,
    Patches,
    Plot,
    ScaleBar,
    Scatter,
    Segment,
    Text,
)
from bokeh.models.annotations.dimensional import MetricLength
from bokeh.models.glyph import Glyph
from bokeh.models.glyphs import Line

from geoguess_cli.drawing import theme
from geoguess_cli.maps.interactive import palette
from geoguess_cli.maps.interactive.ground import Ground, Names
from geoguess_cli.maps.interactive.layers import LayerColumns

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_BAR = theme.LIGHT_SCREEN["coast"]  # Bokeh cannot repaint this bar: the grey suits dark pages too


def colored(**names: str) -> dict[str, Any]:
    """Arguments that tag a model with its colours: properties, and their names in a palette.

    The names stay with the model, so that a dark page can repaint it.
    """
    return {"tags": [{"colors": names}]}


def paint(plot: Plot, colors: palette.Palette) -> None:
    """Give all models of a plot the colours of a palette."""
    for model in plot.references():
        for tag in model.tags:
            for name, color in tag.get("colors", {}).items():
                setattr(model, name, colors.named[color])
        if isinstance(model, LinearColorMapper):
            model.palette = colors.amounts


def draw_ground(plot: Plot, under: Ground) -> None:
    """Draw sea, land, lakes and graticule."""
    for kind, (x, y) in under.fills:
        color = "land" if kind == "land" else "sea"
        # An edge of the same colour hides the seams where shapes were cut.
        glyph = Patches(line_width=0.5, **colored(fill_color=color, line_color=color))
        _add(plot, kind, {"xs": [x.astype(np.float32)], "ys": [y.astype(np.float32)]}, glyph)
    draw_lines(plot, "graticule", under, 0.5)


def draw_cells(plot: Plot, columns: LayerColumns, shade: str) -> GlyphRenderer:
    """Draw the cells and their edges; the layer that the pointer reads."""
    mapper = LinearColorMapper(name="amounts", low=0.0, high=1.0, **colored(nan_color="missing"))
    fill = {"field": shade, "transform": mapper}
    # An edge of the same colour keeps a speck visible; larger cells get a real edge on top.
    look: dict[str, Any] = {"fill_color": fill, "line_color": fill, "line_width": 0.5}
    cell = Patches(fill_alpha=palette.CELL_ALPHA, **look)
    pointed_at = Patches(fill_color=fill, line_width=1.5, **colored(line_color="ink"))
    edge = Patches(fill_color=None, line_width=0.5, **colored(line_color="cell_edge"))
    source = ColumnDataSource(name="cells", data=columns)
    kept = [True] * len(columns["token"])
    for name, glyph, hovered in (("cells", cell, {"hover_glyph": pointed_at}), ("edges", edge, {})):
        layer = GlyphRenderer(
            name=name,
            data_source=source,
            glyph=glyph,
            nonselection_glyph=glyph,
            selection_glyph=glyph,
            view=CDSView(filter=BooleanFilter(name=f"{name}_shown", booleans=kept)),
            **hovered,
        )
        plot.renderers.append(layer)
    return plot.renderers[-2]


def draw_outline(plot: Plot, name: str, columns: LayerColumns) -> None:
    """Draw a line around a region, on a halo that sets it off from the cells."""
    dash: Any = {"credible_50": "solid", "credible_90": [5, 4]}.get(name, [2, 3])
    halo = MultiLine(line_width=3.4, line_alpha=0.75, **colored(line_color="halo"))
    line = MultiLine(line_width=1.5, line_dash=dash, **colored(line_color="ink"))
    _add(plot, name, columns, halo, line)


def draw_highlight(plot: Plot) -> None:
    """Draw the outline of the cell that a page highlights; empty at first."""
    halo = Patches(fill_color=None, line_width=6.0, **colored(line_color="halo"))
    line = Patches(fill_color=None, line_width=3.0, **colored(line_color="accent"))
    _add(plot, "picked", {"xs": [], "ys": []}, halo, line)


def draw_mark(plot: Plot, name: str, columns: LayerColumns) -> None:
    """Draw the numbered guesses, the estimate, the truth, or the way between these two."""
    if name == "way":
        halo = MultiLine(line_width=4.2, line_alpha=0.8, **colored(line_color="halo"))
        line = MultiLine(line_width=2.0, line_dash=[7, 4], **colored(line_color="truth"))
        _add(plot, name, columns, halo, line)
    elif name == "guesses":
        # A page moves numbers apart; a line then ties each number to its place.
        tie = Segment(x0="x", y0="y", x1="at_x", y1="at_y", **colored(line_color="ink"))
        look = colored(fill_color="panel", line_color="ink")
        disc = Scatter(x="at_x", y="at_y", size=20, line_width=1.2, **look)
        text = _text("number", x="at_x", y="at_y", **colored(text_color="ink"))
        _add(plot, name, columns, tie, disc, text)
    elif name == "estimate":
        halo = Scatter(marker="x", size=16, line_width=6.0, **colored(line_color="halo"))
        cross = Scatter(marker="x", size=14, line_width=3.0, **colored(line_color="ink"))
        _add(plot, name, columns, halo, cross)
    else:
        dot = Scatter(size=13, line_width=2.0, **colored(fill_color="truth", line_color="halo"))
        _add(plot, name, columns, dot)


def draw_names(plot: Plot, kind: str, names: Names, kept: list[bool]) -> None:
    """Draw the names of one kind, at first those that `kept` marks."""
    x, y, room = np.array([*names.places.T, names.room_km], dtype=np.float32)
    columns: dict[str, Any] = {"x": x, "y": y, "text": names.texts, "room": room}
    glyphs: list[Glyph] = []
    style: dict[str, Any] = {"size": "12px", "weight": "normal"}
    if kind == "countries":
        style = {"size": "13px", "weight": "bold"}
    elif kind == "towns":
        columns |= {"side": ["left"] * len(names.texts), "dx": [7] * len(names.texts)}
        style |= {"text_align": "side", "x_offset": "dx"}
        dot = colored(fill_color="ink", line_color="halo")
        glyphs.append(Scatter(size=6, line_width=1.5, **dot))
    # Bokeh draws the outline of a text over the text, so the halo is a text of its own below.
    halo = colored(text_color="halo", text_outline_color="halo")
    glyphs.append(_text("text", **style, text_outline_width=3, **halo))
    glyphs.append(_text("text", **style, **colored(text_color=f"{kind}_name")))
    visible = BooleanFilter(name=f"{kind}_shown", booleans=kept)
    _add(plot, kind, columns, *glyphs, view=CDSView(filter=visible))


def draw_scale(plot: Plot) -> None:
    """Draw a scale in kilometres in the lower right corner."""
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
        **colored(label_text_color="ink", background_fill_color="panel"),
    )
    plot.add_layout(scale)


def draw_lines(plot: Plot, kind: str, under: Ground, width: float) -> None:
    """Draw the lines of one kind of the ground, `width` pixels wide."""
    x, y = under.lines[kind].astype(np.float32)
    _add(plot, kind, {"x": x, "y": y}, Line(line_width=width, **colored(line_color=kind)))


def _text(column: str, *, size: str = "12px", weight: str = "bold", **more: Any) -> Text:
    return Text(
        text=column,
        text_font=value(FONT),
        text_font_size=value(size),
        text_font_style=value(weight),
        text_baseline="middle",
        **{"text_align": "center", **more},
    )


def _add(
    plot: Plot, name: str, columns: dict[str, Any], *glyphs: Glyph, view: CDSView | None = None
) -> None:
    """Draw one source of that name by several glyphs, the last on top."""
    source = ColumnDataSource(name=name, data=columns)
    view = view or CDSView()
    for glyph in glyphs:
        plot.renderers.append(GlyphRenderer(data_source=source, glyph=glyph, view=view))
