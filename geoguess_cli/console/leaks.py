"""A leak report on the terminal: the verdict, then its reasons as tables."""

from typing import TYPE_CHECKING

from geoguess_cli.console.output import Sink
from geoguess_cli.wording import significant

if TYPE_CHECKING:
    from geoguess_cli.photos.hash_store import HashStore
    from geoguess_cli.photos.leak_report import LeakReport


def show_leaks(report: "LeakReport", sink: Sink) -> None:
    """Show verdict and advice, then distances to training photos and what the sides share."""
    sink.text(report.verdict)
    if report.advice:
        sink.text(report.advice)
    _show_distances(report, sink)
    _show_shared(report, sink)
    _show_duplicates(report, sink)
    for photo, reason in report.unreadable:
        sink.warn(f"{photo}: {reason}; it was not compared")


def show_kept(kept: "HashStore", sink: Sink) -> None:
    """Say where the hashes of the photos are kept, or why they are not."""
    if kept.problem:
        sink.warn(
            f"{kept.path} cannot be written ({kept.problem}); the next check will read all photos "
            "again"
        )
    else:
        sink.notice(f"hashes, {kept.known:,} of them from an earlier check: {kept.path}")


def _show_distances(report: "LeakReport", sink: Sink) -> None:
    if not report.distances:
        return
    first = report.distances[0]
    percentiles = [f"{number} %" for number in first.percentiles_km]
    bands = [f"{band} km" for band in first.bands]
    sink.text("")
    sink.table(
        ("", "photos", *percentiles, *bands),
        [
            (
                item.side,
                f"{item.photos:,}",
                *map(significant, item.percentiles_km.values()),
                *(f"{count / item.photos:.0%}" for count in item.bands.values()),
            )
            for item in report.distances
        ],
        title="distance to the nearest training photo: percentiles in km, then share in each band",
        right=("photos", *percentiles, *bands),
    )


def _show_shared(report: "LeakReport", sink: Sink) -> None:
    if not report.shared:
        return
    sink.text("")
    sink.table(
        ("shared", "between", "number", "photos", "examples"),
        [
            (
                f"{item.column}s",
                " and ".join(item.between),
                f"{item.names:,}",
                f"{item.photos:,} {item.between[1]}",
                ", ".join(item.examples),
            )
            for item in report.shared
        ],
        right=("number",),
    )


def _show_duplicates(report: "LeakReport", sink: Sink) -> None:
    for item in report.duplicates or ():
        first, second = item.between
        sink.text("")
        sink.table(
            (f"{second} photo", f"looks like the {first} photo", "bits of 256 that differ"),
            item.examples,
            right=("bits of 256 that differ",),
        )
