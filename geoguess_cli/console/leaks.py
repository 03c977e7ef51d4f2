"""A leak report for people: the verdict, then what it rests on as tables."""

from typing import TYPE_CHECKING

from geoguess_cli.console.output import Sink

if TYPE_CHECKING:
    from geoguess_cli.photos.leak_report import LeakReport


def show_leaks(report: "LeakReport", sink: Sink) -> None:
    """The verdict and the advice, then distances to the training photos and what is shared."""
    sink.text(report.verdict)
    if report.advice:
        sink.text(report.advice)
    _show_distances(report, sink)
    _show_shared(report, sink)
    _show_duplicates(report, sink)
    for photo, reason in report.unreadable:
        sink.warn(f"{photo}: {reason}; not looked at")


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
                of.side,
                f"{of.photos:,}",
                *(_km(distance) for distance in of.percentiles_km.values()),
                *(f"{count / of.photos:.0%}" for count in of.bands.values()),
            )
            for of in report.distances
        ],
        title="distance to the nearest training photo: percentiles in km, then share in each band",
        right=("photos", *percentiles, *bands),
    )


def _show_shared(report: "LeakReport", sink: Sink) -> None:
    if not report.shared:
        return
    sink.text("")
    sink.table(
        ("shared", "between", "how many", "photos", "such as"),
        [
            (
                f"{of.column}s",
                " and ".join(of.between),
                f"{of.names:,}",
                f"{of.photos:,} {of.between[1]}",
                ", ".join(of.examples),
            )
            for of in report.shared
        ],
        right=("how many",),
    )


def _show_duplicates(report: "LeakReport", sink: Sink) -> None:
    for of in report.duplicates or ():
        first, second = of.between
        sink.text("")
        sink.table(
            (f"{second} photo", f"looks like the {first} photo", "bits of 256 that differ"),
            of.examples,
            right=("bits of 256 that differ",),
        )


def _km(distance: float) -> str:
    """Short, and fine enough to tell a metre from nothing."""
    return f"{distance:,.0f}" if distance >= 100 else f"{distance:.3g}"
