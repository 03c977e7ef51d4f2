"""`geoguess data`: fetch, inspect and import photos, split them, find leaks."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.choices import ExportFormat, SplitBy
from geoguess_cli.commands import data_card, data_columns, data_download
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import (
    read_photos,
    report_reading,
    report_spread,
    settle_order,
)
from geoguess_cli.console.leaks import show_kept, show_leaks
from geoguess_cli.console.output import Sink
from geoguess_cli.console.packing import exported, unpacked
from geoguess_cli.console.splits import show_split, warn_of_buffer
from geoguess_cli.console.verbs import configured
from geoguess_cli.errors import PhotoTableError
from geoguess_cli.names import text_of
from geoguess_cli.sources.layouts import TITLES
from geoguess_cli.wording import counted

if TYPE_CHECKING:
    from geoguess_cli.sources.reading import Reading

app = typer.Typer(no_args_is_help=True, help="Fetch, inspect, import and split photos.")

app.command("download")(data_download.download)
app.command("card")(data_card.card)
app.command("columns")(data_columns.columns)

Source = Annotated[Path, typer.Argument(metavar="SOURCE", help=f"{TITLES}.")]


@app.command()
@configured("column")
def inspect(source: Source, *, config: Config, sink: Sink) -> None:
    """Show what a source holds: counts, bounds, missing photos, and bad rows with the reason."""
    from geoguess_cli.sources.reading import describe, read_source

    reading = read_source(
        source,
        check_files=True,
        columns=config.columns.chosen,
        preferred=config.columns.preferred,
        allow_parquet=True,
    )
    for notice in reading.notices:
        sink.notice(notice)
    summary = describe(reading)
    if sink.as_json:
        rows = [
            {"file": row.file, "row": row.row, "reason": row.reason} for row in reading.bad_rows
        ]
        order = dataclasses.asdict(reading.order)
        checks = {"order": order, "notices": [*reading.notices, *reading.spread]}
        sink.json({**summary, "bad_rows": rows, "missing": reading.missing, **checks})
        return
    sink.table(("what", "value"), _lines(summary), title=text_of(source))
    if reading.bad_rows:
        sink.text("")
        sink.table(
            ("file", "row", "left out because"),
            [(row.file, row.row, row.reason) for row in reading.bad_rows],
            right=("row",),
        )
    if reading.missing:
        sink.text("")
        sink.table(("photos that do not exist",), [(name,) for name in reading.missing])
    settle_order(reading, source, sink, stops=False)
    report_spread(reading, sink)


def _lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """The entries of a summary, each as a name and a text."""
    lines = []
    for key, value in summary.items():
        if isinstance(value, dict):
            value = ", ".join(f"{name} {count}" for name, count in value.items())
        lines.append((key.replace("_", " "), "" if value is None else str(value)))
    return lines


@app.command("import")
@configured("column")
def import_(
    source: Source,
    *,
    output: options.Output = None,
    swap: options.Swap = None,
    force: options.Force = False,
    config: Config,
    sink: Sink,
) -> None:
    """Write the photo table of a source (.parquet, .csv or .jsonl)."""
    from geoguess_cli.photos.table import write_photo_table
    from geoguess_cli.sources.reading import read_source

    path = output or config.photos
    if path.exists() and not force:
        raise PhotoTableError(f"{path} exists; --force replaces it, -o names another file")
    reading = read_source(
        source,
        check_files=True,
        columns=config.columns.chosen,
        preferred=config.columns.preferred,
        swap=bool(swap),
        allow_parquet=True,
    )
    settle_order(reading, source, sink, swap=swap)
    report_reading(reading, source, sink)
    report_spread(reading, sink)
    reading = unpacked(reading, source, path, sink, force=force)
    write_photo_table(reading.table, path)
    if sink.as_json:
        sink.json(
            {
                "photos": len(reading.table),
                "kind": reading.kind,
                "bad_rows": len(reading.bad_rows),
                "missing": len(reading.missing),
                "path": text_of(path),
            }
        )
        return
    sink.text(f"{counted(len(reading.table), 'photo')} ({reading.kind})")
    sink.wrote("photo table", path)


@app.command()
@configured("table", "seed")
def split(
    *,
    output: options.Output = None,
    by: Annotated[
        SplitBy | None,
        typer.Option(
            "--by", help="The groups that stay whole (default: sequences if known, else S2 cells)."
        ),
    ] = None,
    val: Annotated[
        float,
        typer.Option(
            "--val", min=0.0, max=0.9, help="Share of the photos that becomes val, from 0 to 0.9."
        ),
    ] = 0.1,
    test: Annotated[
        float,
        typer.Option(
            "--test", min=0.0, max=0.9, help="Share of the photos that becomes test, from 0 to 0.9."
        ),
    ] = 0.1,
    buffer_km: Annotated[
        Any,
        typer.Option(
            "--buffer-km",
            metavar="KM|auto",
            parser=options.buffer,
            help="Set aside training photos within this distance of a val or test photo; auto "
            "takes the widest of 1, 0.5, 0.25 and 0.1 km that keeps 80 % of them.",
        ),
    ] = "1",
    level: Annotated[
        int, typer.Option("--level", min=0, max=30, help="S2 level of the cells that stay whole.")
    ] = 10,
    set_aside: Annotated[
        Path | None,
        typer.Option(
            "--set-aside",
            metavar="FILE",
            help="Write the photos set aside to a table of their own.",
        ),
    ] = None,
    swap: options.Swap = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing split.")] = False,
    config: Config,
    sink: Sink,
) -> None:
    """Assign train, val and test: whole sequences if they are known, else whole S2 cells.

    An existing split is kept, and each side that it lacks is taken from its training photos;
    --force makes a new split. A photo that the buffer sets aside keeps its row, with an empty
    split.
    """
    from geoguess_cli.photos.buffers import MOST_LOST, lost_share, other_choices, split_within
    from geoguess_cli.photos.splits import assign_splits
    from geoguess_cli.photos.splits import set_aside as rows_set_aside
    from geoguess_cli.photos.table import write_photo_table
    from geoguess_cli.sources.reading import read_source

    if val + test >= 1:
        raise typer.BadParameter(
            f"--val {val:g} and --test {test:g} leave nothing to train on; "
            "their sum must be less than 1"
        )
    source = config.photos
    reading = read_source(
        source,
        columns=config.columns.chosen,
        preferred=config.columns.preferred,
        swap=bool(swap),
    )
    settle_order(reading, source, sink, swap=swap)
    report_reading(reading, source, sink)
    path = output or _in_place(source, reading)
    division: dict[str, Any] = {"by": by, "val": val, "test": test, "seed": config.seed}
    division |= {"level": level, "force": force}
    if buffer_km is None:
        photos, buffer_km = split_within(reading.table, **division)
        sink.notice(f"--buffer-km auto: {buffer_km:g} km")
    else:
        photos = assign_splits(reading.table, buffer_km=buffer_km, **division)
    lost, choices = lost_share(photos), []
    if lost > MOST_LOST:
        choices = other_choices(reading.table, photos, buffer_km=buffer_km, **division)
        warn_of_buffer(lost, choices, buffer_km=buffer_km, sink=sink)
    write_photo_table(photos, path)
    aside = photos.take(rows_set_aside(photos))
    if set_aside is not None:
        write_photo_table(aside, set_aside)
    if sink.as_json:
        names = aside.frame["photo"].to_list()
        counts = {**photos.splits, "set_aside": len(aside), "set_aside_photos": names}
        others = [dataclasses.asdict(choice) for choice in choices]
        sink.json(
            {**counts, "buffer_km": buffer_km, "other_choices": others, "path": text_of(path)}
        )
        return
    kept = reading.table.splits if not force else {}
    show_split(photos, aside, kept=list(kept), buffer_km=buffer_km, sink=sink)
    if set_aside is not None:
        sink.wrote("photos set aside", set_aside)
    sink.wrote("photo table", path)


def _in_place(path: Path, reading: "Reading") -> Path:
    """The source itself, if writing the table over it loses nothing.

    Raises:
        PhotoTableError: The source is not a photo table, or it has rows that cannot be used.
    """
    if reading.kind != "photo table":
        raise PhotoTableError(
            f"{path} is not a photo table but of the layout `{reading.kind}`; "
            "-o names the table to write"
        )
    unusable = len(reading.bad_rows) + len(reading.missing)
    if unusable:
        raise PhotoTableError(
            f"{path}: {counted(unusable, 'row')} cannot be used and would be lost; "
            "-o names another table to write"
        )
    return path


@app.command()
@configured("table", "workers", "max_pixels")
def leaks(
    *,
    photos: Annotated[
        bool, typer.Option("--photos/--no-photos", help="Also look for near-duplicate photos.")
    ] = True,
    config: Config,
    sink: Sink,
) -> None:
    """Check whether train, val and test share drives, places or photos.

    The hashes that show which photos look alike are kept beside the table, in TABLE.hashes.parquet,
    so that the next check reads only photos that are new or have changed.
    """
    from geoguess_cli.photos.hash_store import HashStore, kept_beside
    from geoguess_cli.photos.leaks import find_leaks

    table = read_photos(config.photos, sink, columns=config.columns).table
    kept = HashStore(kept_beside(config.photos)) if config.photos.is_file() else None
    with sink.counter("photos") as move:
        report = find_leaks(
            table,
            photos=photos,
            workers=config.workers,
            max_pixels=config.max_pixels,
            kept=kept,
            on_photo=move,
        )
    sink.result(report.record(), lambda: show_leaks(report, sink))
    if photos and kept is not None:
        show_kept(kept, sink)


@app.command()
@configured("table")
def export(
    *,
    to: Annotated[ExportFormat, typer.Option("--to", help="What to write.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where to write it.")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier export in the folder.")
    ] = False,
    config: Config,
    sink: Sink,
) -> None:
    """Write the photos with their table as WebDataset tars, an imagefolder, or stored zips.

    `data import DIR` reads each of them again.
    """
    from geoguess_cli.sources.exports import Export

    job = Export(read_photos(config.photos, sink, columns=config.columns).table, to, output)
    exported(job, sink, force=force)
    written = len(job.table) - len(job.failures)
    if sink.as_json:
        failures = [{"photo": photo, "reason": reason} for photo, reason in job.failures]
        sink.json({"photos": written, "to": to, "left_out": failures, "path": str(output)})
        return
    sink.text(f"{counted(written, 'photo')} ({to})")
    sink.wrote(to, output)
