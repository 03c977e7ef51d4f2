"""The published data sets that `geoguess data download` fetches: a table to add a row to.

Counts and layouts are those of the publishers; sizes are asked of the server, because they change
with each revision. This module loads no library.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Literal

from geoguess_cli.choices import DataSetName
from geoguess_cli.errors import DownloadError

Client = Literal["kaggle", "huggingface"]

_RANGE = re.compile(r"(?P<part>[a-z]+)(?:/(?P<first>\d+)(?:\.\.(?P<last>\d+))?)?")


@dataclass(frozen=True)
class DataSetPart:
    """The photos of one split of a data set.

    Attributes:
        split: The official split, `train` or `test`.
        table: The path of its table in the repository.
        rows: Published number of rows of the table.
        archives: Pattern of the paths of its archives; "" if the photos come unpacked.
        archive_count: Published number of archives.
    """

    split: str
    table: str
    rows: int
    archives: str = ""
    archive_count: int = 0


@dataclass(frozen=True)
class DataSet:
    """A published data set of photos with their places.

    Attributes:
        name: What the command line calls it.
        title: Its name in words.
        client: Which client fetches it.
        repository: Its name there.
        page: The address of its page, for readers.
        licence: Its licence, in words.
        columns: Published number of columns of its tables.
        parts: Its splits.
        source: What to read below the folder of the download; "" for the folder itself.
        note: What a user should know before the download starts; "" for nothing.
    """

    name: DataSetName
    title: str
    client: Client
    repository: str
    page: str
    licence: str
    columns: int
    parts: tuple[DataSetPart, ...]
    source: str = ""
    note: str = ""

    @property
    def photos(self) -> int:
        """Published number of photos."""
        return sum(part.rows for part in self.parts)


DATA_SETS: Mapping[DataSetName, DataSet] = {
    data_set.name: data_set
    for data_set in (
        DataSet(
            name="osv-mini-129k",
            title="OSV-Mini-129k",
            client="kaggle",
            repository="josht000/osv-mini-129k",
            page="https://www.kaggle.com/datasets/josht000/osv-mini-129k",
            licence="CC BY-SA 4.0, as OSV-5M, from which its photos come",
            columns=32,
            parts=(
                DataSetPart("train", "osv5m/train_mini.csv", 119_008),
                DataSetPart("test", "osv5m/test_mini.csv", 10_075),
            ),
            note="It comes as one archive, which is unpacked: it needs twice its size until then.",
        ),
        DataSet(
            name="osv-5m",
            title="OpenStreetView-5M",
            client="huggingface",
            repository="osv5m/osv5m",
            page="https://huggingface.co/datasets/osv5m/osv5m",
            licence="CC BY-SA 4.0",
            columns=32,
            parts=(
                DataSetPart("train", "train.csv", 4_894_685, "images/train/*.zip", 98),
                DataSetPart("test", "test.csv", 210_122, "images/test/*.zip", 5),
            ),
            note="Its zips are read in place. --only test or --only train/00..03 fetches a part.",
        ),
        DataSet(
            name="im2gps3k",
            title="Im2GPS3k",
            client="huggingface",
            repository="Wendy-Fly/AAAI-2026",
            page="https://github.com/lugiavn/revisiting-im2gps",
            licence="Creative Commons, chosen by the Flickr user of each photo (column AUTHOR)",
            columns=10,
            parts=(DataSetPart("test", "im2gps3k_places365.csv", 2_997, "im2gps3ktest.zip", 1),),
            source="im2gps3k_places365.csv",
            note="The authors' page links a host that no client can fetch from, so both files come "
            "from a copy on Hugging Face. Its zip holds 3,000 photos; the table places 2,997.",
        ),
    )
}
"""All data sets, by name."""


@dataclass(frozen=True)
class ChosenPart:
    """The part of a data set that is wanted.

    Attributes:
        part: The split.
        table: The path of its table in the repository.
        archives: The paths of its archives, sorted; empty if the photos come unpacked.
        complete: Whether the whole split is wanted, not some of its archives.
    """

    part: DataSetPart
    table: str
    archives: tuple[str, ...]
    complete: bool

    @property
    def files(self) -> tuple[str, ...]:
        """The table and the archives."""
        return (self.table, *self.archives)


def choose_parts(data_set: DataSet, only: Sequence[str], files: Sequence[str]) -> list[ChosenPart]:
    """The tables and archives of the wanted parts.

    Args:
        data_set: The data set.
        only: Parts such as `test`, `train/07` or `train/00..03`; empty for all.
        files: The paths of the repository.

    Raises:
        DownloadError: A part is unknown, or the repository has no such file.
    """
    numbers: dict[str, set[int] | None] = {}
    for text in only:
        split, wanted = _parse(data_set, text)
        known = numbers.get(split, set())
        numbers[split] = None if wanted is None or known is None else known | wanted
    chosen = [part for part in data_set.parts if not only or part.split in numbers]
    return [_choice(data_set, part, numbers.get(part.split), files) for part in chosen]


def _parse(data_set: DataSet, text: str) -> tuple[str, set[int] | None]:
    """The split that a part names, and the numbers of its archives; None for all of them."""
    parts = {part.split: part for part in data_set.parts}
    match = _RANGE.fullmatch(text)
    if data_set.client == "kaggle":
        raise DownloadError(
            f"{data_set.name} comes as one archive, so --only {text} cannot fetch a part of it; "
            f"`geoguess data download {data_set.name}` fetches all"
        )
    if match is None or match["part"] not in parts:
        example = next(iter(parts))
        raise DownloadError(
            f"{data_set.name} has no part `{text}`; its parts are {', '.join(parts)}, such as "
            f"--only {example}"
            + (f" or --only {example}/00..03" if parts[example].archive_count > 1 else "")
        )
    if match["first"] is None:
        return match["part"], None
    first, last = int(match["first"]), int(match["last"] or match["first"])
    count = parts[match["part"]].archive_count
    if not 0 <= first <= last < count:
        raise DownloadError(
            f"{data_set.name} has no part `{text}`; the archives of {match['part']} are numbered "
            f"00 to {count - 1:02}, such as --only {match['part']}/00..{min(3, count - 1):02}"
        )
    return match["part"], set(range(first, last + 1))


def _choice(
    data_set: DataSet, part: DataSetPart, numbers: set[int] | None, files: Sequence[str]
) -> ChosenPart:
    every_archive = sorted(file for file in files if part.archives and fnmatch(file, part.archives))
    archives = [name for name in every_archive if numbers is None or _number(name) in numbers]
    lacking = [] if part.table in files else [part.table]
    if part.archives and len(archives) < (1 if numbers is None else len(numbers)):
        have = {_number(name) for name in archives}
        lacking += [
            part.archives.replace("*", f"{number:02}") for number in sorted((numbers or {0}) - have)
        ]
    if lacking:
        raise DownloadError(
            f"{data_set.repository} does not have {', '.join(lacking)} any more; "
            f"see {data_set.page} for where it went"
        )
    return ChosenPart(part, part.table, tuple(archives), numbers is None)


def _number(path: str) -> int:
    digits = re.search(r"(\d+)\.[a-z]+$", path)
    return int(digits[1]) if digits else 0
