"""A survey in a folder: its report as JSON and as Markdown, and its figures."""

import json
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.drawing.saving import save_figure
from geoguess_cli.errors import PhotoError
from geoguess_cli.files import write_text
from geoguess_cli.geo.places import describe
from geoguess_cli.inference.answers import cell_places
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.images import decode_photo
from geoguess_cli.report.rendering import render_markdown
from geoguess_cli.survey.contact_sheet import suspects_sheet
from geoguess_cli.survey.figures import attention_figure
from geoguess_cli.survey.page import survey_page
from geoguess_cli.survey.report import SurveyReport

_SHOWN_PIXELS = 240  # of a photo's shorter side on the sheet


def write_survey(report: SurveyReport, folder: Path) -> list[Path]:
    """The files written: attention.json, .md and .png, and suspects.png if there are suspects.

    Args:
        report: The survey to write.
        folder: The folder of the report; it is made if need be.
    """
    figures = figures_of(report)
    for name, figure in figures.items():
        save_figure(figure, folder / f"{name}.png")
    if "suspects" not in figures:
        (folder / "suspects.png").unlink(missing_ok=True)  # an earlier survey may have left it
    record = json.dumps(report.record(), indent=2, ensure_ascii=False, allow_nan=False)
    texts = {
        "attention.json": record + "\n",
        "attention.md": render_markdown(survey_page(report), pictures=figures),
    }
    for name, text in texts.items():
        write_text(text, folder / name)
    return [folder / name for name in (*(f"{name}.png" for name in figures), *texts)]


def figures_of(report: SurveyReport) -> dict[str, Figure]:
    """The figures of a survey by the name of their file."""
    survey, spec, files = report.survey, report.spec, report.survey.known.files
    aspect = 1.0
    if spec.resize == "squash":
        photo = _small_photo(files[next(iter(survey.photos))])
        aspect = 1.5 if photo is None else photo.width / photo.height
    drawn = attention_figure(survey.attention, window=survey.plan.window, aspect=aspect)
    figures = {"attention": drawn}
    if survey.suspects:
        places = cell_places(report.partition)
        figures["suspects"] = suspects_sheet(
            survey.suspects,
            lambda row: _small_photo(files[row]),
            size=spec.size,
            resize=spec.resize,
            drives=[str(report.drive(spot)) for spot in survey.suspects],
            answers=[
                f"cell {report.token(spot)}, {describe(places[spot.cell_index])}"
                for spot in survey.suspects
            ],
        )
    return figures


def _small_photo(file: PhotoFile) -> Image.Image | None:
    try:
        return decode_photo(file, at_least=_SHOWN_PIXELS, max_pixels=None)
    except PhotoError:
        return None
