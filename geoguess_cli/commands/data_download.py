"""`geoguess data download`: fetch a published data set, check it and write its photo table."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.choices import DataSetName
from geoguess_cli.console import options
from geoguess_cli.console.asking import confirm
from geoguess_cli.console.inputs import report_reading
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import DownloadError
from geoguess_cli.wording import byte_size, counted

if TYPE_CHECKING:
    from geoguess_cli.sources.downloading import CountCheck, DownloadPlan


def download(
    name: Annotated[
        DataSetName, typer.Argument(metavar="NAME", help="osv-mini-129k, osv-5m or im2gps3k.")
    ],
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="PART",
            help="Fetch only a part: test, train, train/07 or train/00..03. Repeat for several.",
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Folder for the data set (default: NAME)."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without a question.")] = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Fetch a published data set, check it against the published counts, write its photo table.

    It says first what it fetches, how large that is, under which licence and from where.
    Credentials are those of the client of Kaggle or Hugging Face.
    """
    from geoguess_cli.photos.table import write_photo_table
    from geoguess_cli.sources.downloading import (
        check_download,
        plan_download,
        read_download,
    )
    from geoguess_cli.sources.downloading import download as fetch
    from geoguess_cli.sources.downloads import DATA_SETS

    sink = Sink(quiet=quiet, as_json=json)
    plan = plan_download(DATA_SETS[name], to or Path(name), only=only or [])
    _announce(plan, sink)
    if plan.files and not yes:
        again = f"geoguess data download {plan.data_set.name} --yes"
        confirm("Fetch it?", f"nothing was fetched; `{again}` starts without a question")
    fetch(plan, environment=os.environ, quiet=quiet or json)
    reading = read_download(plan)
    report_reading(reading, plan.folder, sink)
    write_photo_table(reading.table, plan.table)
    checks = check_download(plan, reading)
    sink.result(
        {
            "name": name,
            "revision": plan.listing.revision,
            "photos": len(reading.table),
            "splits": reading.table.splits,
            "checks": [check.record() for check in checks],
            "path": str(plan.table),
        },
        lambda: _show(checks, sink),
    )
    sink.wrote("photo table", plan.table)
    _require(checks, plan)
    sink.notice(f"next: geoguess cells build --photos {plan.table}")


def _announce(plan: "DownloadPlan", sink: Sink) -> None:
    """What a download fetches, from where, how large, and under which licence."""
    data_set = plan.data_set
    parts = ", ".join(
        f"{choice.part.split}"
        + ("" if choice.complete else f" ({counted(len(choice.archives), 'archive')})")
        for choice in plan.choices
    )
    sink.notice(f"{data_set.title}: {data_set.photos:,} photos with their places; parts: {parts}")
    sink.notice(f"from     {data_set.client}, {data_set.repository} ({data_set.page})")
    sink.notice(f"version  {plan.listing.revision}")
    sink.notice(f"licence  {data_set.licence}")
    here = "" if plan.files else "; everything is here already"
    sink.notice(
        f"size     {byte_size(plan.bytes)} to fetch, {byte_size(plan.disk_bytes)} of disk{here}"
    )
    sink.notice(f"to       {plan.folder}")
    if data_set.note and plan.files:
        sink.notice(data_set.note)


def _show(checks: "list[CountCheck]", sink: Sink) -> None:
    """The counts beside the published ones."""
    sink.table(
        ("count", "found", "published", ""),
        [
            (
                check.what,
                f"{check.found:,}",
                "" if check.published is None else f"{check.published:,}",
                "" if check.published is None else "as published" if check.holds else "DIFFERS",
            )
            for check in checks
        ],
        right=("found", "published"),
    )


def _require(checks: "list[CountCheck]", plan: "DownloadPlan") -> None:
    """Raise DownloadError unless every count is the published one."""
    wrong = [check for check in checks if not check.holds]
    if wrong:
        listed = "; ".join(
            f"{check.what} {check.found:,}, published {check.published:,}" for check in wrong
        )
        raise DownloadError(
            f"{plan.data_set.title} is not what was published ({listed}); {plan.table} holds what "
            f"is there. Delete {plan.folder} and fetch it again, or use the table as it is"
        )
