"""`geoguess survey`: where a model looks over many photos, and its suspected shortcuts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.choices import FollowedCell
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import photos_of_split, read_photos
from geoguess_cli.console.models import load_predictor
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured

if TYPE_CHECKING:
    from geoguess_cli.model.processes import Processes
    from geoguess_cli.survey.report import SurveyReport
    from geoguess_cli.survey.scan_store import ScanStore

STRIDE = 16
FAILURES_SHOWN = 5
SUSPECTS_SHOWN = 10


@configured("table", "seed", "device", "precision", "max_pixels", "artifacts", helped=True)
def survey(
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder of the report (default: ARTIFACTS/survey).",
        ),
    ] = None,
    split: options.Split = "test",
    limit: Annotated[
        int,
        typer.Option(
            "--limit",
            min=1,
            metavar="N",
            help="Greatest number of photos to scan; drives stay whole.",
        ),
    ] = 200,
    target: Annotated[
        FollowedCell,
        typer.Option("--target", help="The cell to follow: the likeliest, or the true cell."),
    ] = "top",
    window: options.Window = 32,
    stride: options.StrideIfAny = None,
    baseline: options.BaselineOption = None,
    model: options.ModelOption = None,
    batch_size: options.BatchSize = None,
    config: Config,
    sink: Sink,
    processes: "Processes | None",
) -> None:
    """Report where the model looks over many photos, and which shortcuts it may have learnt.

    Without --stride, windows are 16 pixels apart, or as far as the window is wide if that is less.
    The same command goes on after an interruption. docs/metrics.md defines every number of the
    report.
    """
    from geoguess_cli.survey.scan import ScanPlan
    from geoguess_cli.survey.session import survey_photos

    plan = ScanPlan(
        window=window,
        stride=stride or min(STRIDE, window),
        baselines=tuple(baseline or ["mean"]),
        follow=target,
        seed=config.seed,
        batch_size=batch_size or 32,
    )
    folder = output or config.artifacts / "survey"
    known = read_photos(config.photos, sink, columns=config.columns).table
    photos = photos_of_split(known, split, sink)
    if not known.has("sequence"):
        sink.notice("the photo table has no `sequence` column; shortcuts show only within a drive")
    with _progress(sink) as hooks:
        report = survey_photos(
            load_predictor(config, model, exact=True, processes=processes),
            photos,
            plan,
            folder,
            known=known,
            split=split,
            limit=limit,
            **hooks,
        )
    _show(report, sink)
    sink.wrote("report", folder / "attention.md")


@contextmanager
def _progress(sink: Sink) -> Iterator[dict[str, Any]]:
    """The hooks of a survey: bars, what an earlier run left, and how to go on after Ctrl-C."""
    with sink.progress() as bar:
        scanned = bar.add_task("photos", total=None)
        compared = bar.add_task("spots compared", total=None, visible=False)

        def start(store: "ScanStore") -> None:
            if len(store):
                sink.notice(f"{store.path} holds the maps of {len(store)} photos; going on")
            elif store.others:
                sink.notice(
                    f"the maps in {store.path.parent} come from another model or other settings; "
                    f"starting anew in {store.path.name}"
                )

        try:
            yield {
                "on_start": start,
                "on_photo": lambda done, total: bar.update(scanned, completed=done, total=total),
                "on_spot": lambda done, total: bar.update(
                    compared, completed=done, total=total, visible=True
                ),
            }
        except KeyboardInterrupt:
            done, total = int(bar.tasks[scanned].completed), bar.tasks[scanned].total
            if total is not None:
                sink.notice(
                    f"{done} of {total:.0f} photos are scanned; the same command goes on from there"
                )
            raise


def _show(report: "SurveyReport", sink: Sink) -> None:
    """Print the shares by height and the suspects; warn of the photos without a map."""
    from geoguess_cli.wording import counted, text_of, whole_percent

    survey = report.survey
    for row, reason in survey.failures[:FAILURES_SHOWN]:
        sink.warn(f"{survey.known.names[row]}: {reason}; it counts in no statistic")
    more = len(survey.failures) - FAILURES_SHOWN
    if more > 0:
        sink.warn(f"{counted(more, 'more photo')} without a map; attention.json lists them")
    if sink.as_json:
        sink.json(report.record())
        return
    photos = counted(survey.attention.photos, "photo")
    sink.table(
        ("part of the frame", "share of the drop", "area"),
        [
            (f"{third} third", text_of(share, "share"), "33.3 %")
            for third, share in survey.attention.thirds.items()
        ],
        title=f"{photos} of {counted(survey.attention.sequences, 'drive')}",
        right=("share of the drop", "area"),
    )
    sink.text(
        "spots that decide in several photos of a drive: "
        f"{len(survey.suspects) + len(survey.cleared):,}; "
        f"suspected shortcuts among them: {len(survey.suspects):,}"
    )
    if survey.suspects:
        columns = ("drive", "answer", "photos", "score", "lost when covered")
        rows = [
            (
                report.drive(spot),
                report.token(spot),
                len(spot.rows),
                f"{spot.score:.2f}",
                whole_percent(spot.drop),
            )
            for spot in survey.suspects[:SUSPECTS_SHOWN]
        ]
        sink.table(columns, rows, right=columns[2:])
