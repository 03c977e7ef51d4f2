"""The page of a survey: where the model looks, and the shortcuts that it may have learnt."""

from geoguess_cli.report.content import Cell, Page, Picture, Section, Table
from geoguess_cli.survey.attention import THIRDS
from geoguess_cli.survey.report import SurveyReport
from geoguess_cli.survey.spots import Box
from geoguess_cli.wording import (
    counted,
    parts_in_words,
    percentage_points,
    text_of,
    whole_percent,
)

FAILURES_SHOWN = 20
"""Greatest number of photos without a map that the page names; the JSON names all."""

_CELLS = {"top": "likeliest", "truth": "true"}
_PARTS = {"upper": "mostly sky", "middle": "horizon, buildings, trees", "lower": "road"}


def survey_page(report: SurveyReport) -> Page:
    """The page of a survey; its figures are named `attention` and `suspects`."""
    attention, plan, model = report.survey.attention, report.survey.plan, report.model
    photos = "the table" if report.split == "all" else f"the {report.split} split"
    opening = [
        f"Model `{model['fingerprint']}`: {parts_in_words(model['backbone'], model['vit'])}, "
        f"{model['image_size']} px, {model['cells']:,} cells. "
        f"A window of {plan.window} px covers each photo in steps of {plan.stride} px "
        f"({', '.join(plan.baselines)}), and the probability of the photo's "
        f"{_CELLS[plan.follow]} cell is followed. The photos belong to "
        f"{counted(attention.sequences, 'drive')}; the intervals (95 %) come from resampling "
        "whole drives."
    ]
    sections = [_by_height(report), _shortcuts(report)]
    if report.survey.failures:
        sections.append(_left_out(report))
    title = f"Where the model looks: {counted(attention.photos, 'photo')} of {photos}"
    return Page(title, opening, [], sections)


def _by_height(report: SurveyReport) -> Section:
    thirds = report.survey.attention.thirds
    rows: list[list[Cell]] = [
        [f"{third} third ({_PARTS[third]})", text_of(thirds[third], "share"), "33.3 %"]
        for third in THIRDS
    ]
    columns = ("part of the frame", "share of the positive drop", "share of the area")
    caption = "If the drop were spread evenly, each third would have the share of its area."
    picture = Picture(
        "attention", "How the drop of the answer's probability is spread over the frame."
    )
    return Section("height", "By height", [], [picture], [Table(caption, columns, rows)])


def _shortcuts(report: SurveyReport) -> Section:
    survey = report.survey
    text = [
        "Small spots that decide the answer at the same place of several photos of a drive: "
        f"{len(survey.suspects) + len(survey.cleared):,}. "
        f"Suspects among them: {len(survey.suspects):,}.",
        "A suspect is an object of one drive: almost no other drive of the cell or nearby shows it "
        "at this place, or half of them lack it and so do some photos of the drive itself. The "
        "other spots are features that several drives share, such as a road or a skyline.",
    ]
    if not survey.suspects:
        return Section("shortcuts", "Shortcut report", text)
    rows: list[list[Cell]] = [
        [
            str(number),
            str(report.drive(spot)),
            report.token(spot),
            f"{len(spot.rows)}",
            _middle(spot.box, report.spec.size),
            whole_percent(spot.score),
            whole_percent(spot.drop),
            f"{spot.changed}",
            whole_percent(spot.alone),
            percentage_points(spot.carried),
        ]
        for number, spot in enumerate(survey.suspects, start=1)
    ]
    caption = (
        "Shares are of the answer's probability. *Score*: share lost when the spot is exchanged "
        "with photos that lack the object, minus the share lost in an exchange within the drive. "
        "*Covered*: share lost when the spot is covered. *Alone*: share left when everything else "
        "is covered. *Pasted elsewhere*: rise of the cell's probability in photos of other cells, "
        "with the spot pasted in."
    )
    columns = (
        *("number", "drive", "answer", "photos", "middle of the spot", "score", "covered: lost"),
        *("answer changes", "alone: left", "pasted elsewhere"),
    )
    picture = Picture("suspects", "The spot of each suspect in photos of its drive and of others.")
    return Section("shortcuts", "Shortcut report", text, [picture], [Table(caption, columns, rows)])


def _left_out(report: SurveyReport) -> Section:
    names, failures = report.survey.known.names, report.survey.failures
    rows = [[names[row], reason] for row, reason in failures[:FAILURES_SHOWN]]
    more = len(failures) - FAILURES_SHOWN
    text = [f"attention.json lists {more:,} more."] if more > 0 else []
    caption = "These photos have no map and count in no statistic."
    return Section("left-out", "Left out", text, [], [Table(caption, ("photo", "why"), rows)])


def _middle(box: Box, size: int) -> str:
    across, down = (box.left + box.right) / 2 / size, (box.top + box.bottom) / 2 / size
    return f"{whole_percent(across)} across, {whole_percent(down)} down"
