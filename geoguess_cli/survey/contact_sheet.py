"""The contact sheet of a survey: each suspect outlined in photos of its drive and of others."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import write, write_title
from geoguess_cli.drawing.theme import axes
from geoguess_cli.occlusion.overlay import draw_outline, draw_photo, visible_box
from geoguess_cli.survey.shortcuts import SharedSpot
from geoguess_cli.wording import counted, whole_percent

ROWS = 12
"""Greatest number of suspects on a sheet, by default."""

_OWN, _OTHERS = 4, 2  # photos of the drive and of other drives in a row
_LEFT, _GAP, _TOP, _FOOT, _TEXT = 0.15, 0.1, 0.95, 0.35, 0.46  # inches
_WIDE = (theme.WIDTH - 2 * _LEFT - (_OWN + _OTHERS) * _GAP) / (_OWN + _OTHERS)
_TALL = _WIDE / 1.5
_STEP = _TALL + _TEXT + 0.12
_SHOWN_PIXELS = 480  # of a photo's longer side


@theme.styled
def suspects_sheet(
    suspects: Sequence[SharedSpot],
    photo_of: Callable[[int], Image.Image | None],
    *,
    size: int,
    resize: str = "squash",
    drives: Sequence[str],
    answers: Sequence[str],
    rows: int = ROWS,
) -> Figure:
    """A contact sheet with a row for each suspect, the spot outlined in every photo.

    Args:
        suspects: The spots with the highest score first; at least one.
        photo_of: The upright photo of a row of the table; None if it cannot be read.
        size: Side of the square that the model sees, in pixels.
        resize: How a photo becomes that square, as in `ImageSpec`.
        drives: Name of the drive of each suspect.
        answers: The answer of each: a cell with its place.
        rows: Greatest number of suspects on the sheet.
    """
    listed = list(suspects[:rows])
    figure = theme.new_figure(theme.WIDTH, _TOP + _FOOT + _STEP * len(listed))
    height = figure.get_figheight()
    title = f"Suspected shortcuts: {counted(len(suspects), 'spot')}"
    if len(suspects) > len(listed):
        title += f", the first {len(listed)}"
    write_title(
        figure,
        _LEFT,
        title,
        "outlined: a small part of the frame on which the answer rests in several photos of a "
        "drive; percentages are of its probability",
    )
    for column, heading in ((0, "photos of the drive"), (_OWN, "other drives")):
        place = (_left_of(column), height - _TOP + 0.14)
        write(figure, *place, heading, fontsize=theme.TEXT, fontweight="bold")
    for row, spot in enumerate(listed):
        top = height - _TOP - row * _STEP
        _write_evidence(figure, top, f"{row + 1}  drive {drives[row]}", spot, answers[row])
        # Two photos of other drives: the first is of the same cell, the last of the nearest drives.
        others = spot.others[:1] + spot.others[1:][-1:]
        photos = [*enumerate(spot.rows[:_OWN]), *enumerate(others, start=_OWN)]
        for column, photo_row in photos:
            photo = photo_of(photo_row)
            if photo is not None:
                rect = (_left_of(column), top - _TEXT - _TALL, _WIDE, _TALL)
                ax = theme.bare(axes(figure, rect))
                _draw_outlined(ax, photo, spot, size, resize, own=column < _OWN)
    return figure


def _left_of(column: int) -> float:
    """Left edge of a column of photos, in inches."""
    return _LEFT + column * (_WIDE + _GAP) + (_GAP if column >= _OWN else 0)


def _write_evidence(figure: Figure, top: float, name: str, spot: SharedSpot, answer: str) -> None:
    """Write two lines above a row of photos: drive and answer, then the evidence."""
    photos = counted(len(spot.rows), "photo")
    heading = f"{name}, {photos}: {answer}"
    write(figure, _LEFT, top - 0.17, heading, fontsize=theme.SMALL, fontweight="bold")
    covered, half, nearly_any, within = (
        whole_percent(max(lost, 0.0))  # a gain is no loss
        for lost in (spot.drop, spot.across_half, spot.across, spot.within)
    )
    changed = f" (another answer in {spot.changed})" if spot.changed else ""
    write(
        figure,
        _LEFT,
        top - 0.34,
        f"lost when covered: {covered}{changed}; exchanged within the drive: {within}, "
        f"with half of the other drives: ≥ {half}, with nearly all: ≥ {nearly_any}",
        fontsize=theme.TINY,
        color=theme.MUTED,
    )


def _draw_outlined(
    ax: Axes, photo: Image.Image, spot: SharedSpot, size: int, resize: str, *, own: bool
) -> None:
    """Draw a photo with the box; a photo of another drive is pale and its box dashed."""
    left, top, width, height = visible_box(photo, resize)
    draw_photo(ax, photo, most_pixels=_SHOWN_PIXELS, pale=not own, aspect="equal", gid="photo")
    box = spot.box
    corner = (left + box.left / size * width, top + box.top / size * height)
    sides = ((box.right - box.left) / size * width, (box.bottom - box.top) / size * height)
    color, dashes = (theme.TRUTH, "solid") if own else (theme.INK, (0, (3, 2)))
    draw_outline(ax, (*corner, *sides), gid="spot", color=color, line=1.2, dashes=dashes)
