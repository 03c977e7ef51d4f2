"""`geoguess occlude --report DIR`: where the model looks over a whole set of photos."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from geoguess_cli.choices import Baseline
from geoguess_cli.config import Config
from geoguess_cli.console.inputs import load_predictor, photos_of_split, read_photos
from geoguess_cli.console.output import Sink

if TYPE_CHECKING:
    from geoguess_cli.photos.table import PhotoTable
    from geoguess_cli.survey.scan import ScanPlan
    from geoguess_cli.survey.scan_store import ScanStore

STRIDE = 16
FAILURES_SHOWN = 5
SUSPECTS_SHOWN = 10


@dataclass(frozen=True)
class SetRequest:
    """What `--report` is asked for.

    Attributes:
        folder: Where the report goes; the maps of the photos lie in `maps` below it.
        split: Photos to look at: test, val, train or all.
        limit: How many of them, at most.
        target: The cell to follow: "top" or "truth".
        window: Side of the covered square, in pixels.
        stride: Step from one window to the next, in pixels; None for `STRIDE`.
        baselines: What covered pixels become.
        batch_size: Images that go through the model at once.
    """

    folder: Path
    split: str
    limit: int
    target: str
    window: int
    stride: int | None
    baselines: "tuple[Baseline, ...]"
    batch_size: int


def occlude_set(asked: SetRequest, config: Config, model: Path | None, sink: Sink) -> None:
    """Survey the photos of a split and write the report."""
    from geoguess_cli.inference.answers import cell_places
    from geoguess_cli.survey.files import write_survey
    from geoguess_cli.survey.report import survey_report
    from geoguess_cli.survey.scan_store import ScanStore
    from geoguess_cli.survey.survey import photo_set, survey

    plan = _plan(asked, config.seed)
    table = read_photos(config.photos, sink)
    predictor = load_predictor(config, model)
    known = photo_set(table, predictor.partition)
    rows = _chosen(table, known.drives, asked, config.seed, sink)
    size = predictor.spec.size
    key = plan.key({**predictor.identity(), "resize": predictor.spec.resize})
    with ScanStore(asked.folder / "maps", key) as store:
        _tell_of(store, sink)
        with _resumable(store, len(rows), sink), sink.progress() as bar:
            photos = bar.add_task("photos", total=len(rows))
            spots = bar.add_task("spots compared", total=None, visible=False)
            found = survey(
                predictor.probabilities,
                predictor.read,
                known,
                rows,
                plan,
                store,
                size=size,
                batch_size=asked.batch_size,
                on_photo=lambda done, _: bar.update(photos, completed=done),
                on_spot=lambda done, total: bar.update(
                    spots, completed=done, total=total, visible=True
                ),
            )
    sequences = table.frame["sequence"].to_list() if table.has("sequence") else [None] * len(table)
    report = survey_report(
        found,
        plan,
        split=asked.split,
        model=predictor.identity(),
        size=size,
        names=table.frame["photo"].to_list(),
        sequences=sequences,
        tokens=predictor.partition.tokens,
    )
    write_survey(
        found,
        report,
        asked.folder,
        paths=table.paths,
        places=cell_places(predictor.partition),
        size=size,
        resize=predictor.spec.resize,
    )
    _show(report, sink)
    sink.wrote("report", asked.folder / "attention.md")


def _plan(asked: SetRequest, seed: int) -> "ScanPlan":
    from geoguess_cli.survey.scan import ScanPlan

    if asked.target not in ("top", "truth"):
        raise typer.BadParameter("--report follows --target top or truth")
    return ScanPlan(
        window=asked.window,
        stride=min(STRIDE, asked.window) if asked.stride is None else asked.stride,
        baselines=asked.baselines,
        follow="truth" if asked.target == "truth" else "top",
        seed=seed,
    )


def _chosen(table: "PhotoTable", drives: Any, asked: SetRequest, seed: int, sink: Sink) -> Any:
    """Rows of whole drives of the split, as many as the limit allows."""
    from geoguess_cli.photos.table import PhotoTable
    from geoguess_cli.survey.scan import whole_drives

    numbered = PhotoTable(table.frame.with_row_index("row"), table.root)
    rows = photos_of_split(numbered, asked.split, sink).frame["row"].to_numpy().astype("int64")
    if not table.has("sequence"):
        sink.notice(
            "the photo table has no `sequence` column: without drives no shortcut can be told"
        )
    return rows[whole_drives(drives[rows], asked.limit, seed=seed)]


def _tell_of(store: "ScanStore", sink: Sink) -> None:
    """Say whether the maps of an earlier run are of use."""
    if len(store):
        sink.notice(f"{store.path} holds the maps of {len(store)} photos; going on from there")
    elif store.others:
        sink.notice(
            f"the maps in {store.path.parent} are of another model or of other settings; "
            f"starting anew in {store.path.name}"
        )


@contextmanager
def _resumable(store: "ScanStore", photos: int, sink: Sink) -> Iterator[None]:
    """Say, when the scan is interrupted, how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        sink.notice(
            f"{store.path} holds the maps of {len(store)} photos ({photos} are asked for); "
            "the same command goes on from there"
        )
        raise


def _show(report: dict[str, Any], sink: Sink) -> None:
    """The shares by height and the suspects."""
    failures = report["failures"]
    for one in failures[:FAILURES_SHOWN]:
        sink.warn(f"{one['photo']}: {one['reason']}; it counts in no figure")
    if len(failures) > FAILURES_SHOWN:
        sink.warn(f"{len(failures) - FAILURES_SHOWN} more photos count in no figure")
    if sink.as_json:
        sink.json(report)
        return
    counts = report["counts"]
    sink.table(
        ("part of the frame", "share of the drop", "interval", "area"),
        [
            (f"{third} third", _percent(share["value"]), _interval(share), "33.3 %")
            for third, share in report["thirds"].items()
        ],
        title=f"{counts['photos']:,} photos of {counts['sequences']:,} drives",
        right=("share of the drop", "interval", "area"),
    )
    sink.text(
        f"spots that decide in several photos of a drive: {counts['shared_spots']:,}; "
        f"suspected shortcuts among them: {counts['suspects']:,}"
    )
    if report["suspects"]:
        sink.table(
            ("drive", "answer", "photos", "score", "lost when covered"),
            [
                (
                    spot["sequence"],
                    spot["token"],
                    len(spot["photos"]),
                    f"{spot['score']:.2f}",
                    _percent(spot["drop"]),
                )
                for spot in report["suspects"][:SUSPECTS_SHOWN]
            ],
            right=("photos", "score", "lost when covered"),
        )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _interval(share: dict[str, float | None]) -> str:
    if share["low"] is None:
        return "–"
    return f"{_percent(share['low'])} to {_percent(share['high'])}"
