"""`geoguess data card`: the datasheet of a photo table as Markdown and as one page."""

from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import read_photos
from geoguess_cli.console.leaks import show_kept
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured

if TYPE_CHECKING:
    from geoguess_cli.report.datasheet import Datasheet


@configured("table", "workers", "max_pixels")
def card(
    *,
    output: options.Output = None,
    title: Annotated[
        str | None,
        typer.Option("--title", help="Name of the data set (default: the name of the source)."),
    ] = None,
    licence: Annotated[
        str, typer.Option("--licence", help="Licence of the photos, to be stated on the page.")
    ] = "",
    photos: Annotated[
        bool,
        typer.Option("--photos", help="Also look for near-duplicate and unreadable photos."),
    ] = False,
    config: Config,
    sink: Sink,
) -> None:
    """Write a datasheet: counts, map, dates, creators, licences, gaps, splits and leaks.

    The folder (-o, default: ARTIFACTS/card) gets card.md, card.html, card.json and the figures. The
    page holds all it needs and asks for no network.
    """
    from geoguess_cli.photos.hash_store import HashStore, kept_beside
    from geoguess_cli.photos.leaks import find_leaks
    from geoguess_cli.report.datasheet import counted_reasons, datasheet
    from geoguess_cli.report.files import write_datasheet

    source = config.photos
    reading = read_photos(source, sink, columns=config.columns)
    leaks = None
    kept = HashStore(kept_beside(source)) if photos and source.is_file() else None
    if len(reading.table.splits) > 1:
        with sink.counter("photos") as move:
            leaks = find_leaks(
                reading.table,
                photos=photos,
                workers=config.workers,
                max_pixels=config.max_pixels,
                kept=kept,
                on_photo=move,
            )
    elif photos:
        sink.warn("--photos compares the sides of a split; `geoguess data split` assigns one")
    sheet = datasheet(
        reading.table,
        title=title or source.resolve().stem,
        kind=reading.kind,
        licence=licence,
        left_out=counted_reasons([row.reason for row in reading.bad_rows]),
        missing=len(reading.missing),
        leaks=leaks,
    )
    folder = output or config.artifacts / "card"
    written = write_datasheet(sheet, folder)
    sink.result(sheet.record(), lambda: _show(sheet, sink))
    if leaks is not None and kept is not None:
        show_kept(kept, sink)
    sink.wrote("datasheet", next(path for path in written if path.suffix == ".html"))


def _show(sheet: "Datasheet", sink: Sink) -> None:
    """The headline of the page."""
    from geoguess_cli.report.datasheet_page import headline

    sink.table(
        ("what", "value", ""),
        [(name, text.value, beside) for name, text, beside in headline(sheet)],
        title=sheet.title,
        right=("value",),
    )
