"""`geoguess data columns`: what each column of a table is taken for, and why."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console.output import Sink
from geoguess_cli.console.text import shortened
from geoguess_cli.console.verbs import configured

SAMPLES_WIDTH = 48


@configured("column")
def columns(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A table, or a folder that is read by one.")
    ],
    *,
    config: Config,
    sink: Sink,
) -> None:
    """Show what each column of a table is taken for, and why; --column changes it."""
    from geoguess_cli.sources.explanation import explain_columns

    explanation = explain_columns(
        source, columns=config.columns.chosen, preferred=config.columns.preferred
    )
    if sink.as_json:
        sink.json(asdict(explanation))
        return
    several = len({use.file for use in explanation.columns}) > 1
    sink.table(
        (*(("file",) if several else ()), "column", "taken for", "why", "values"),
        [
            (
                *((use.file,) if several else ()),
                use.column,
                ", ".join(use.taken_for),
                use.why,
                shortened(
                    " | ".join(" ".join(text.split()) for text in use.samples), SAMPLES_WIDTH
                ),
            )
            for use in explanation.columns
        ],
        title=f"{source} ({explanation.kind})",
    )
    for file, remedy in explanation.remedies.items():
        sink.warn(f"{file} has {remedy}")
