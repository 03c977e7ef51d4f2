"""A survey in a folder: the report as JSON and as a page, and its figures."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.errors import PhotoError
from geoguess_cli.files import replacing, write_text
from geoguess_cli.geo.places import Place, describe
from geoguess_cli.photos.images import decode_photo
from geoguess_cli.survey.figures import attention_figure, suspects_sheet
from geoguess_cli.survey.report import render_survey
from geoguess_cli.survey.survey import Survey

SHEET_NAME = "suspects.png"
_SHOWN_PIXELS = 240  # of a photo's shorter side on the sheet


def write_survey(
    found: Survey,
    report: dict[str, Any],
    folder: Path,
    *,
    paths: Sequence[Path],
    places: Sequence[Place],
    size: int,
    resize: str,
) -> list[Path]:
    """The files written: attention.json, .md and .png, and suspects.png where there are any.

    Args:
        found: What to write.
        report: The same as plain JSON.
        folder: Where; it is made if need be.
        paths: The photos of the set.
        places: Where each cell lies.
        size: Side of the square that the model sees, in pixels.
        resize: How a photo becomes that square.
    """
    aspect = 1.0
    if resize == "squash":
        picture = _picture(paths[next(iter(found.photos))])
        aspect = 1.5 if picture is None else picture.width / picture.height
    drawn: dict[str, Callable[[], Figure]] = {
        "attention.png": lambda: attention_figure(
            found.attention, window=report["window"], aspect=aspect
        )
    }
    if found.suspects:
        answers = [
            f"cell {one['token']}, {describe(places[spot.cell_index])}"
            for one, spot in zip(report["suspects"], found.suspects, strict=True)
        ]
        drawn[SHEET_NAME] = lambda: suspects_sheet(
            found.suspects,
            lambda row: _picture(paths[row]),
            size=size,
            resize=resize,
            drives=[one["sequence"] for one in report["suspects"]],
            answers=answers,
        )
    else:
        (folder / SHEET_NAME).unlink(missing_ok=True)  # of an earlier survey
    for name, make in drawn.items():
        with replacing(folder / name) as temporary:
            make().savefig(temporary, dpi=theme.DPI)
    texts = {
        "attention.json": json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "attention.md": render_survey(report),
    }
    for name, text in texts.items():
        write_text(text, folder / name)
    return [folder / name for name in (*drawn, *texts)]


def _picture(path: Path) -> Image.Image | None:
    try:
        return decode_photo(path, at_least=_SHOWN_PIXELS)
    except PhotoError:
        return None
