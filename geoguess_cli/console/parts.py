"""Answers in a folder of parts: which path is such a folder, and what is said while it fills."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geoguess_cli.choices import AnswerFormat, PointMethod
from geoguess_cli.console.output import Sink
from geoguess_cli.console.records import ANSWER_ENDINGS
from geoguess_cli.wording import counted

if TYPE_CHECKING:
    from geoguess_cli.inference.parts import Answers, Shard
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.photos.archives import PhotoFile


def answer_folder(
    output: Path | None, form: AnswerFormat | None, sink: Sink, shard: "Shard | None" = None
) -> Path | None:
    """The folder that -o names; None if it names a file, or nothing.

    A name without an ending is a folder, unless a format is asked for.

    Raises:
        typer.BadParameter: The ending is that of Parquet, which is written in parts; or a shard is
            asked for, and there is no folder.
    """
    if output is not None and form is None and not sink.as_json:
        if output.is_dir() or not output.suffix:
            return output
        if output.suffix.lower() == ".parquet":
            endings = ", ".join(filter(None, ANSWER_ENDINGS))
            raise typer.BadParameter(
                f"-o {output}: answers as Parquet are written in parts; name a folder, such as "
                f"{output.with_suffix('')}, or a file that ends in {endings}"
            )
    if shard is not None:
        raise typer.BadParameter("--shard needs a folder for the parts of all shards: -o DIR")
    return None


def fill_parts(
    folder: Path,
    files: "Sequence[PhotoFile]",
    ask: "Callable[[Sequence[PhotoFile]], Answers]",
    predictor: "PhotoPredictor",
    *,
    top_k: int,
    batch_size: int,
    point: PointMethod | None,
    min_confidence: float,
    unlike_is_unsure: bool,
    neighbours: int,
    shard: "Shard | None",
    sink: Sink,
) -> None:
    """Write the missing parts of a folder, and put all parts together once the last is there.

    Args:
        folder: The folder.
        files: All photos.
        ask: Answers photos in their order, with `predictor` and the options below.
        predictor: The model.
        top_k: Guesses to list for each photo.
        batch_size: As in `PhotoPredictor.predict`.
        point: As in `PhotoPredictor.predict`.
        min_confidence: As in `PhotoPredictor.predict`.
        unlike_is_unsure: As in `PhotoPredictor.predict`.
        neighbours: As in `PhotoPredictor.predict`.
        shard: Which parts are this job's own; None for all.
        sink: Receives progress and notices.

    Raises:
        typer.Exit: A photo could not be read.
    """
    from geoguess_cli.inference.parts import AnswerParts, answer_terms

    terms = answer_terms(
        predictor,
        files,
        top_k=top_k,
        batch_size=batch_size,
        point=point,
        min_confidence=min_confidence,
        unlike_is_unsure=unlike_is_unsure,
        neighbours=neighbours,
    )
    parts = AnswerParts(folder, terms, len(files), batch_size)
    parts.begin()
    missing = len(parts.missing(shard))
    there = parts.count - len(parts.missing())
    if missing and there:
        sink.notice(f"{parts.folder}: {there} of {parts.count} parts are there; going on")
    with sink.counter("photos", missing * parts.rows) as move:
        listed = {"top_k": top_k, "neighbours": neighbours}
        for done in parts.add(files, ask, predictor.partition, **listed, shard=shard):
            move(done)
    if parts.merge():
        sink.wrote("predictions", parts.merged_path)
    else:
        left = len(parts.missing())
        sink.notice(
            f"{parts.folder}: {left} of {parts.count} parts are missing; they belong to "
            "other shards, and the same command without --shard adds them and puts all together"
        )
    if failed := parts.failures():
        sink.warn(
            f"{counted(len(failed), 'photo')} could not be read ({failed[0][1]}); the column "
            "`error` has the reason of each"
        )
        raise typer.Exit(1)
