"""Answers to many photos as Parquet parts in a folder, so that a run that stopped can go on.

about.json             what decides the rows, by the name that the user knows
parts/000012.parquet   the answers to one stretch of the photos
predictions.parquet    all answers in order, in place of the parts once every part is there

A file is written under a lock, since shards may share the folder.
A part covers the same photos in every run and shard, and begins with a batch. So each row is
computed from the same batch, however often a run was stopped and whoever had its shard.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from jaxtyping import Int

from geoguess_cli.choices import PointMethod
from geoguess_cli.errors import OutputError
from geoguess_cli.files import locked, make_folder, replacing, write_text
from geoguess_cli.frames import UNREADABLE
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answers import Answer, Unanswered, answer_row, row_schema
from geoguess_cli.names import text_of
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.listing import PhotoList

if TYPE_CHECKING:
    from geoguess_cli.inference.photo_predictor import PhotoPredictor

FORMAT = 1
"""Number of the folder's layout; raise it with a change that older versions would misread."""

ROWS = 1024
"""Photos of a part, rounded up to whole batches. A kill loses at most the answers of one part."""

ABOUT_NAME, PARTS_NAME, MERGED_NAME = "about.json", "parts", "predictions.parquet"

Answers = Iterable[Answer | Unanswered]


@dataclass(frozen=True)
class Shard:
    """One of several shares of the work: of every `count` parts it has the one at `number`.

    Args:
        number: From 1.
        count: Number of all shards.
    """

    number: int = 1
    count: int = 1


def answer_terms(
    predictor: "PhotoPredictor",
    files: Sequence[PhotoFile],
    *,
    batch_size: int,
    top_k: int,
    point: PointMethod | None,
    min_confidence: float,
    unlike_is_unsure: bool = False,
    neighbours: int = 0,
) -> dict[str, str]:
    """Everything that decides the answers to photos, as text by the name that the user knows.

    Args:
        predictor: The model.
        files: The photos.
        batch_size: Photos that go through the model at once; the last digits depend on it.
        top_k: Guesses to list for each photo.
        point: How to choose the point estimate; None takes the model's own method.
        min_confidence: As in `PhotoPredictor.predict`.
        unlike_is_unsure: As in `PhotoPredictor.predict`.
        neighbours: As in `PhotoPredictor.predict`.
    """
    model = predictor.identity()
    digest = sha256()
    for file in files:
        digest.update(text_of(file).encode() + b"\0")
    terms = {
        "the photos": f"{len(files)} with digest {digest.hexdigest()[:12]}",
        "the model": model["fingerprint"],
        "its temperature": model["temperature"],
        "--precision": predictor.precision,
        "--batch-size": batch_size,
        "--max-pixels": predictor.max_pixels,
        "--top-k": top_k,
        "--point": point or predictor.point,
        "--min-confidence": min_confidence,
        "--abstain-unlike": unlike_is_unsure,
        "its statistics of training photos": _known(predictor),
    }
    if "views" in model:
        terms["--views"] = model["views"]
    if neighbours:
        terms["--neighbours"] = neighbours
    if isinstance(predictor.partition, CutPartition):
        region = predictor.partition.region
        terms["--within"] = f"{region.name} with digest {region.digest}"
    return {name: str(value) for name, value in terms.items()}


def _known(predictor: "PhotoPredictor") -> str:
    known = predictor.familiarity
    return "none" if known is None else f"{known.photos} photos, judged by {known.judges}"


@dataclass(frozen=True, eq=False)
class AnswerParts:
    """The answers to a list of photos in a folder.

    Args:
        folder: Where they are; it need not exist.
        terms: What decides the rows, by the name that the user knows.
        photos: Number of photos.
        batch_size: Photos that go through the model at once.
    """

    folder: Path
    terms: Mapping[str, str]
    photos: int
    batch_size: int

    @property
    def rows(self) -> int:
        """Photos of each part but the last."""
        return -(-ROWS // self.batch_size) * self.batch_size

    @property
    def count(self) -> int:
        """Number of parts of all photos."""
        return -(-self.photos // self.rows)

    @property
    def merged_path(self) -> Path:
        """The file of all answers."""
        return self.folder / MERGED_NAME

    def path(self, number: int) -> Path:
        """The file of a part, numbered from 0."""
        return self.folder / PARTS_NAME / f"{number:06d}.parquet"

    def begin(self) -> None:
        """Write down what decides the rows; a folder that is begun must say the same.

        Raises:
            OutputError: The folder holds other files or answers of another kind, or it cannot be
                written.
        """
        make_folder(self.folder)
        with locked(self.folder):
            path = self.folder / ABOUT_NAME
            if path.is_file():
                self._check(path)
                return
            strange = [own.name for own in self.folder.iterdir() if not own.name.startswith(".")]
            if strange:
                raise OutputError(
                    f"{self.folder} holds {min(strange)} and no predictions that could go on; "
                    "name a new folder with -o"
                )
            about = {"format": FORMAT, "terms": dict(self.terms)}
            write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", path)

    def missing(self, shard: Shard | None = None) -> list[int]:
        """The numbers of the parts that are not there or not whole.

        Args:
            shard: Only its parts; None for all.
        """
        if _rows_in(self.merged_path) == self.photos:
            return []
        shard = shard or Shard()
        numbers = range(shard.number - 1, self.count, shard.count)
        return [at for at in numbers if _rows_in(self.path(at)) != len(self._stretch(at))]

    def add(
        self,
        files: Sequence[PhotoFile],
        predict: Callable[[Sequence[PhotoFile]], Answers],
        partition: Partition,
        *,
        top_k: int,
        neighbours: int = 0,
        shard: Shard | None = None,
    ) -> Iterator[int]:
        """Write the parts that are missing; after each answer the number of answers so far.

        Args:
            files: All photos.
            predict: The answers to photos, in their order.
            partition: The cells of the model.
            top_k: Guesses to list for each photo.
            neighbours: Training photos to list for each photo.
            shard: Only its parts; None for all.

        Raises:
            OutputError: The disk is full, or the folder cannot be written.
        """
        numbers = self.missing(shard)
        stretches = [np.asarray(self._stretch(number), dtype=np.int64) for number in numbers]
        if not numbers:
            return
        answers = iter(predict(_taken(files, np.concatenate(stretches))))
        schema = row_schema(partition, top_k, neighbours=neighbours)
        done = 0
        for number, stretch in zip(numbers, stretches, strict=True):
            rows = []
            for answer in islice(answers, len(stretch)):
                rows.append(answer_row(answer, partition, top_k, neighbours=neighbours))
                done += 1
                yield done
            frame = pl.DataFrame(rows, schema=schema, orient="row")
            with locked(self.folder), replacing(self.path(number)) as temporary:
                frame.write_parquet(temporary)

    def merge(self) -> bool:
        """Put all parts into one file and remove them; False while one is missing.

        Raises:
            OutputError: The disk is full, or the folder cannot be written.
        """
        with locked(self.folder):
            if self.missing():
                return False
            parts = self.folder / PARTS_NAME
            if _rows_in(self.merged_path) != self.photos:
                paths = [self.path(number) for number in range(self.count)]
                with replacing(self.merged_path) as temporary:
                    pl.scan_parquet(paths, glob=False).sink_parquet(temporary)
            shutil.rmtree(parts, ignore_errors=True)
        return True

    def failures(self) -> list[tuple[str, str]]:
        """The name and the error of each photo that has no answer, of the answers so far."""
        paths = [self.merged_path] if self.merged_path.is_file() else self._parts()
        frames = [
            pl.scan_parquet(path, glob=False).filter(pl.col("error").is_not_null())
            for path in paths
        ]
        if not frames:
            return []
        return pl.concat(frames).select("photo", "error").collect().rows()

    def _stretch(self, number: int) -> range:
        """The positions of the photos of a part."""
        return range(number * self.rows, min((number + 1) * self.rows, self.photos))

    def _parts(self) -> list[Path]:
        return [path for path in map(self.path, range(self.count)) if path.is_file()]

    def _check(self, path: Path) -> None:
        """Raise an error unless a folder that is begun has the same terms."""
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            before, fits = dict(about["terms"]), about["format"] == FORMAT
        except (ValueError, TypeError, KeyError) as error:
            raise OutputError(
                f"{path} does not say what the predictions beside it are; name a new folder with -o"
            ) from error
        if not fits:
            raise OutputError(
                f"{self.folder} was begun by another version of geoguess; name a new folder with -o"
            )
        changed = [
            f"{name} was {before.get(name, 'not set')} and is {self.terms.get(name, 'not set')}"
            for name in sorted(before.keys() | self.terms.keys())
            if before.get(name) != self.terms.get(name)
        ]
        if changed:
            raise OutputError(
                f"{self.folder} cannot go on: {'; '.join(changed)}. Put it back, or name a new "
                "folder with -o"
            )


def _taken(files: Sequence[PhotoFile], rows: Int[np.ndarray, " m"]) -> Sequence[PhotoFile]:
    """The files at these positions; a long list stays as compact as it is."""
    if isinstance(files, PhotoList):
        return files.take(rows)
    return [files[row] for row in rows.tolist()]


def _rows_in(path: Path) -> int:
    """The number of rows of a Parquet file; -1 if it is not there or damaged."""
    if not path.is_file():
        return -1
    try:
        return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except UNREADABLE:
        return -1
