"""Which photos of the arguments are answered together."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geoguess_cli.choices import AnswerFormat
from geoguess_cli.console.inputs import PhotoArguments
from geoguess_cli.console.output import Sink

if TYPE_CHECKING:
    from geoguess_cli.inference.groups import Groups
    from geoguess_cli.inference.photo_predictor import PhotoPredictor


def chosen_groups(
    arguments: PhotoArguments,
    *,
    together: bool,
    by: str | None,
    kind: AnswerFormat,
    output: Path | None,
) -> "Groups | None":
    """The groups that --together or --group-by make; None without either.

    Args:
        arguments: The photos.
        together: The value of --together.
        by: The value of --group-by.
        kind: The format of the answers.
        output: The folder of answers in parts, if they go to one.

    Raises:
        typer.BadParameter: The options do not agree, or --group-by was given without a table.
        PhotoTableError: The table has no such column.
    """
    if not together and by is None:
        return None
    from geoguess_cli.inference.groups import groups_by
    from geoguess_cli.inference.groups import together as all_together

    option = "--together" if together else "--group-by"
    if together and by is not None:
        raise typer.BadParameter("--together and --group-by do not agree; give one of them")
    if kind == "xmp" or output is not None:
        what = "a sidecar a photo" if kind == "xmp" else "answers to single photos in parts"
        raise typer.BadParameter(
            f"{option} gives an answer a group, and this would write {what}; write a file, "
            "such as -o answers.csv"
        )
    if by is None:
        return all_together(arguments.files)
    tables = list(arguments.tables.values())
    if len(tables) != 1 or len(tables[0]) != len(arguments.files):
        raise typer.BadParameter(
            "--group-by needs the column of one photo table; name it as the only argument, or "
            "give --together for photos of one place"
        )
    return groups_by(tables[0], by)


def say_redundancy(predictor: "PhotoPredictor", sink: Sink) -> None:
    """Say how alike photos of one place are taken to be, where `calibrate` has not fitted it."""
    if "groups" not in predictor.trained.metrics:
        sink.notice(
            "photos count as independent evidence, which makes answers too sure; "
            "`geoguess calibrate` fits how alike they are on validation sequences"
        )
