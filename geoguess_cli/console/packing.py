"""Photos unpacked for a photo table, and exported from one: what it takes, and progress."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.console.inputs import BAD_ROWS_SHOWN, report_reading
from geoguess_cli.console.output import Sink
from geoguess_cli.wording import byte_size, counted

if TYPE_CHECKING:
    from geoguess_cli.sources.exports import Export
    from geoguess_cli.sources.reading import Reading


def unpacked(
    reading: "Reading", source: Path, table: Path, sink: Sink, *, force: bool
) -> "Reading":
    """The reading with its photos in zips beside the table, if they lay inside Parquet files.

    Args:
        reading: A source; others come back as they are.
        source: Its file or folder.
        table: The file of the photo table to be written.
        sink: Where progress and warnings go.
        force: Replace zips of another import.

    Raises:
        OutputError: The disk has too little room, or zips of another import are in the way.
    """
    from geoguess_cli.sources.unpacking import plan_unpacking, unpack

    if reading.parquet is None:
        return reading
    plan = plan_unpacking(reading, reading.parquet, table)
    plan.check(force=force)
    kept = sum(part.complete for part in plan.parts)
    zips = counted(len(plan.parts), "zip")
    there = f" ({kept} of {zips} {'is' if kept == 1 else 'are'} complete)" if kept else ""
    sink.notice(
        f"unpacking {counted(plan.photos, 'photo')} into {plan.folder}: "
        f"about {byte_size(plan.bytes_needed)}{there}"
    )
    with sink.counter("photos", plan.photos) as move:
        done = unpack(plan, on_photo=move)
    known = set(reading.bad_rows)
    new = [row for row in done.bad_rows if row not in known]
    report_reading(replace(done, bad_rows=new, missing=[], notices=[]), source, sink)
    return done


def exported(export: "Export", sink: Sink, *, force: bool) -> None:
    """Write an export with its progress; name the photos that are left out.

    Args:
        export: What to write.
        sink: Where the size, the progress and the warnings go.
        force: Replace an earlier export in the folder.

    Raises:
        OutputError: The folder holds other files, or it cannot be written.
    """
    total = len(export.table)
    size = byte_size(export.bytes_needed)
    sink.notice(f"exporting {counted(total, 'photo')} to {export.folder}: about {size}")
    with sink.counter("photos", total) as move:
        export.write(force=force, on_photo=move)
    for photo, reason in export.failures[:BAD_ROWS_SHOWN]:
        sink.warn(f"{photo}: {reason}; left out")
    more = len(export.failures) - BAD_ROWS_SHOWN
    if more > 0:
        sink.warn(f"{more:,} more photos left out; --json lists them")
