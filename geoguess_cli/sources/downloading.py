"""A published data set from its server to a photo table: planned, fetched, checked, written."""

import shutil
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from geoguess_cli.errors import DownloadError
from geoguess_cli.files import make_folder
from geoguess_cli.photos.files import read_header
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.sources.clients import RepositoryListing, fetch, list_repository
from geoguess_cli.sources.downloads import ChosenPart, DataSet, choose_parts
from geoguess_cli.sources.reading import Reading, read_source
from geoguess_cli.wording import byte_size

SPARE_BYTES = 256 * 2**20
"""Room left on the disk for the photo table and for the clients' own records."""


@dataclass(frozen=True)
class DownloadPlan:
    """What a download will fetch.

    Attributes:
        data_set: The data set.
        folder: Where it goes.
        listing: What the server holds.
        choices: The wanted parts.
        files: The files that are not there yet.
    """

    data_set: DataSet
    folder: Path
    listing: RepositoryListing
    choices: tuple[ChosenPart, ...]
    files: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """What is to be fetched, in bytes."""
        if self.listing.unpacked:
            return sum(self.listing.files.values()) if self.files else 0
        return sum(self.listing.files[file] for file in self.files)

    @property
    def disk_bytes(self) -> int:
        """The free disk that it needs: an archive that is unpacked needs its size twice."""
        return (2 if self.listing.unpacked else 1) * self.bytes + SPARE_BYTES * bool(self.files)

    @property
    def table(self) -> Path:
        """Where the photo table is written."""
        return self.folder / "photos.parquet"


@dataclass(frozen=True)
class CountCheck:
    """A count of a download beside the published one.

    Attributes:
        what: What was counted.
        found: The count.
        published: The published count; None if only a part was fetched, so that none applies.
    """

    what: str
    found: int
    published: int | None

    @property
    def holds(self) -> bool:
        """Whether both are the same, or nothing is published to compare with."""
        return self.published is None or self.found == self.published

    def record(self) -> dict[str, Any]:
        """The check as plain values, for JSON."""
        return {
            "what": self.what,
            "found": self.found,
            "published": self.published,
            "holds": self.holds,
        }


def plan_download(data_set: DataSet, folder: Path, *, only: Sequence[str] = ()) -> DownloadPlan:
    """What a download will fetch, by the listing of the server; nothing is fetched yet.

    Args:
        data_set: The data set.
        folder: Where it goes; files that lie there in their full size are not fetched again.
        only: The wanted parts, as in `choose_parts`; empty for all.

    Raises:
        DependencyError: The client is not installed.
        DownloadError: The server does not answer or refuses, a part is unknown, or the disk is too
            small.
    """
    choose_parts(data_set, only, _published_files(data_set))  # a wrong part needs no server
    listing = list_repository(data_set)
    choices = choose_parts(data_set, only, list(listing.files))
    wanted = [file for choice in choices for file in choice.files]
    files = tuple(file for file in wanted if not _is_here(folder / file, listing, file))
    plan = DownloadPlan(data_set, folder, listing, tuple(choices), files)
    _check_disk(plan)
    return plan


def download(
    plan: DownloadPlan, *, environment: MutableMapping[str, str], quiet: bool = False
) -> None:
    """Fetch what a plan lists.

    Args:
        plan: The plan.
        environment: That of the process.
        quiet: Show no progress.

    Raises:
        DownloadError: The server refuses or breaks off; what is complete stays.
    """
    make_folder(plan.folder)
    # All wanted files, not only the absent ones: the client knows whether a file is still the
    # one of this revision.
    files = [file for choice in plan.choices for file in choice.files]
    fetch(plan.data_set, plan.listing, files, plan.folder, environment=environment, quiet=quiet)


def read_download(plan: DownloadPlan) -> Reading:
    """The photos of a download with their official split.

    Raises:
        PhotoTableError: No photo of the tables was found.
    """
    reading = read_source(plan.folder / plan.data_set.source, check_files=True)
    table = reading.table
    if not table.has("split") and len(plan.data_set.parts) == 1:
        split = pl.lit(plan.data_set.parts[0].split).alias("split")
        table = PhotoTable(table.frame.with_columns(split), table.root)
    return Reading(table, reading.kind, reading.bad_rows, reading.missing)


def check_download(plan: DownloadPlan, reading: Reading) -> list[CountCheck]:
    """The counts of a download beside the published ones.

    For each part: the rows and the columns of its table, its archives, and its photos. Rows and
    columns are always compared, archives and photos where the whole part was fetched.
    """
    checks = []
    for choice in plan.choices:
        part, path = choice.part, plan.folder / choice.table
        rows = pl.scan_csv(path, infer_schema=False).select(pl.len()).collect().item()
        checks.append(CountCheck(f"rows of {choice.table}", rows, part.rows))
        columns = len(read_header(path))
        checks.append(CountCheck(f"columns of {choice.table}", columns, plan.data_set.columns))
        if part.archives:
            count = part.archive_count if choice.complete else None
            checks.append(CountCheck(f"archives of {part.split}", len(choice.archives), count))
        photos = reading.table.splits.get(part.split, 0)
        count = part.rows if choice.complete else None
        checks.append(CountCheck(f"photos of {part.split}", photos, count))
    checks.append(CountCheck("rows that cannot be used", len(reading.bad_rows), 0))
    complete = all(choice.complete for choice in plan.choices)
    checks.append(
        CountCheck("rows whose photo is not there", len(reading.missing), 0 if complete else None)
    )
    return checks


def _published_files(data_set: DataSet) -> list[str]:
    """The paths that a repository should have."""
    archives = [
        part.archives.replace("*", f"{number:02}")
        for part in data_set.parts
        for number in range(part.archive_count)
    ]
    return [*(part.table for part in data_set.parts), *archives]


def _is_here(path: Path, listing: RepositoryListing, file: str) -> bool:
    if not path.is_file():
        return False
    return listing.unpacked or path.stat().st_size == listing.files[file]


def _check_disk(plan: DownloadPlan) -> None:
    home = next(path for path in (plan.folder, *plan.folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(home).free
    if plan.disk_bytes > free:
        example = plan.data_set.parts[-1].split
        smaller = (
            f", or fetch a part with --only {example}"
            if len(plan.data_set.parts) > 1 and not plan.listing.unpacked
            else ""
        )
        raise DownloadError(
            f"{plan.data_set.title} needs {byte_size(plan.disk_bytes)} of disk, and {home} has "
            f"{byte_size(free)} free; name a folder on a larger disk with --to DIR{smaller}"
        )
