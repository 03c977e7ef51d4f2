"""`geoguess data`: look at what one has, make it a photo table, split it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.choices import SplitBy
from geoguess_cli.console import options
from geoguess_cli.console.inputs import read_photos, report_reading, settings
from geoguess_cli.console.leaks import show_leaks
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import PhotoTableError

if TYPE_CHECKING:
    from geoguess_cli.photos.sources import Reading


NAMES_SHOWN = 5

app = typer.Typer(no_args_is_help=True, help="Inspect, import and split photos.")

Source = Annotated[
    Path,
    typer.Argument(
        metavar="SOURCE",
        help="CSV, Parquet or JSONL table; OSV-5M or OSV-Mini folder; imagefolder; "
        "folder of photos with GPS in their EXIF.",
    ),
]
Share = typer.Option(min=0.0, max=0.9, help="Share of the photos.")


@app.command()
def inspect(
    source: Source,
    *,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Tell what a source holds: counts, bounds, missing photos, bad rows and why."""
    from geoguess_cli.photos.sources import describe, read_source

    sink = Sink(quiet=quiet, as_json=json)
    reading = read_source(source, check_files=True)
    summary = describe(reading)
    if json:
        rows = [
            {"file": row.file, "row": row.row, "reason": row.reason} for row in reading.bad_rows
        ]
        sink.json({**summary, "bad_rows": rows, "missing": reading.missing})
        return
    sink.table(("what", "value"), _lines(summary), title=str(source))
    if reading.bad_rows:
        sink.text("")
        sink.table(
            ("file", "row", "left out because"),
            [(row.file, row.row, row.reason) for row in reading.bad_rows],
            right=("row",),
        )
    if reading.missing:
        sink.text("")
        sink.table(("photos that are not there",), [(name,) for name in reading.missing])


def _lines(summary: dict[str, Any]) -> list[tuple[str, str]]:
    lines = []
    for key, value in summary.items():
        if isinstance(value, dict):
            value = ", ".join(f"{name} {count}" for name, count in value.items())
        elif isinstance(value, list | tuple):
            value = ", ".join(str(entry) for entry in value)
        lines.append((key.replace("_", " "), "" if value is None else str(value)))
    return lines


@app.command("import")
def import_(
    source: Source,
    *,
    output: options.Output = None,
    force: options.Force = False,
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Write the photo table of a source (.parquet, .csv or .jsonl)."""
    from geoguess_cli.photos.sources import read_source
    from geoguess_cli.photos.table import write_photo_table

    sink = Sink(quiet=quiet, as_json=json)
    path = output or settings(config).photos
    if path.exists() and not force:
        raise PhotoTableError(f"{path} is already there; --force replaces it, -o names another")
    reading = read_source(source, check_files=True)
    report_reading(reading, source, sink)
    write_photo_table(reading.table, path)
    if json:
        sink.json(
            {
                "photos": len(reading.table),
                "kind": reading.kind,
                "bad_rows": len(reading.bad_rows),
                "missing": len(reading.missing),
                "path": str(path),
            }
        )
        return
    sink.text(f"{len(reading.table)} photos ({reading.kind})")
    sink.wrote("photo table", path)


@app.command()
def split(
    table: Annotated[
        Path | None,
        typer.Argument(metavar="[TABLE]", help="Photo table (default: the configured one)."),
    ] = None,
    *,
    output: options.Output = None,
    by: Annotated[
        SplitBy | None,
        typer.Option(
            "--by", help="What stays whole (default: sequences where known, else S2 cells)."
        ),
    ] = None,
    val: Annotated[float, typer.Option("--val", min=0.0, max=0.9, help="Share for val.")] = 0.1,
    test: Annotated[float, typer.Option("--test", min=0.0, max=0.9, help="Share for test.")] = 0.1,
    buffer_km: Annotated[
        float,
        typer.Option(
            "--buffer-km",
            min=0.0,
            help="Set aside training photos within this distance of a val or test photo.",
        ),
    ] = 1.0,
    level: Annotated[
        int, typer.Option("--level", min=0, max=30, help="S2 level of the cells that stay whole.")
    ] = 10,
    set_aside: Annotated[
        Path | None,
        typer.Option(
            "--set-aside",
            metavar="FILE",
            help="Write the photos set aside as a table of their own.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a split that exists.")] = False,
    config: options.ConfigFile = None,
    seed: options.Seed = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Assign train, val and test: whole sequences where they are known, else whole S2 cells.

    A split that the photos have is kept, and what it lacks is taken from its training photos;
    --force makes a new one. A photo set aside by the buffer keeps its row, with an empty split.
    """
    from geoguess_cli.photos.sources import read_source
    from geoguess_cli.photos.splits import assign_splits
    from geoguess_cli.photos.splits import set_aside as rows_set_aside
    from geoguess_cli.photos.table import write_photo_table

    sink = Sink(quiet=quiet, as_json=json)
    if val + test >= 1:
        raise typer.BadParameter(f"--val {val:g} and --test {test:g} leave nothing to train on")
    chosen = settings(config, photos=table, seed=seed)
    reading = read_source(chosen.photos)
    report_reading(reading, chosen.photos, sink)
    path = output or _in_place(chosen.photos, reading)
    done = assign_splits(
        reading.table,
        by=by,
        val=val,
        test=test,
        buffer_km=buffer_km,
        seed=chosen.seed,
        level=level,
        force=force,
    )
    write_photo_table(done, path)
    aside = done.take(rows_set_aside(done))
    if set_aside is not None:
        write_photo_table(aside, set_aside)
    if json:
        names = aside.frame["photo"].to_list()
        counted = {**done.splits, "set_aside": len(aside), "set_aside_photos": names}
        sink.json({**counted, "path": str(path)})
        return
    counts = {**done.splits, **({"set aside": len(aside)} if len(aside) else {})}
    sink.table(
        ("split", "photos", "share"),
        [(name, count, f"{count / len(done):.1%}") for name, count in counts.items()],
        right=("photos", "share"),
    )
    if reading.table.has("split") and not force:
        sides = ", ".join(reading.table.splits)
        sink.notice(f"kept the split that the photos had ({sides}); --force makes a new one")
    if len(aside):
        sink.notice(
            f"set aside, as they lie within {buffer_km:g} km of a val or test photo: "
            f"{_some(aside.frame['photo'].to_list())}"
        )
    if set_aside is not None:
        sink.wrote("photos set aside", set_aside)
    sink.wrote("photo table", path)


def _some(names: list[str]) -> str:
    """The first few names, and how to see the others."""
    more = len(names) - NAMES_SHOWN
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {more:,} more (--set-aside FILE lists them)" if more > 0 else shown


@app.command()
def leaks(
    table: Annotated[
        Path | None,
        typer.Argument(metavar="[TABLE]", help="Photo table (default: the configured one)."),
    ] = None,
    *,
    photos: Annotated[
        bool,
        typer.Option("--photos/--no-photos", help="Also look for near-duplicate photos."),
    ] = True,
    workers: options.Workers = 0,
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Say whether train, val and test share drives, places or photos."""
    from geoguess_cli.photos.leaks import find_leaks

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(config, photos=table)
    source = read_photos(chosen.photos, sink)
    with sink.progress() as bar:
        task = bar.add_task("photos", total=None)
        report = find_leaks(
            source,
            photos=photos,
            workers=workers or 0,
            on_photo=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if json:
        sink.json(report.record())
        return
    show_leaks(report, sink)


def _in_place(path: Path, reading: "Reading") -> Path:
    """The source itself, where writing the table over it loses nothing."""
    if reading.kind != "photo table":
        raise PhotoTableError(
            f"{path} is no photo table but {reading.kind}; -o names the table to write"
        )
    lost = len(reading.bad_rows) + len(reading.missing)
    if lost:
        rows = "1 row" if lost == 1 else f"{lost} rows"
        raise PhotoTableError(
            f"{path}: {rows} of it cannot be used and would be lost; -o names another table"
        )
    return path
