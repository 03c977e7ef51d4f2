"""Sidecars as they are written, and those that were not."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geoguess_cli.console.output import Sink
from geoguess_cli.names import text_of
from geoguess_cli.wording import counted

if TYPE_CHECKING:
    from geoguess_cli.inference.sidecars import Sidecar

NAMED = 5
"""Photos without a sidecar that are named one by one; the others are counted."""


def sidecar_folder(output: Path | None) -> Path | None:
    """The folder that -o names for sidecars.

    Raises:
        typer.BadParameter: -o names a file.
    """
    if output is not None and (output.suffix.lower() == ".xmp" or output.is_file()):
        raise typer.BadParameter(
            f"-o {output} is a file; name a folder, in which each photo has its own sidecar"
        )
    return output


def show_sidecars(sidecars: "Iterable[Sidecar]", *, sink: Sink) -> None:
    """Count the sidecars that were written, and name the photos that have none, with the reason.

    The caller names the photos without an answer; they are only counted here.

    Args:
        sidecars: Each is written when it is asked for.
        sink: Receives a record of each with --json, and the notices.
    """
    written = left = named = 0
    for sidecar in sidecars:
        if sink.as_json:
            path = sidecar.path and text_of(sidecar.path)
            record = {"photo": sidecar.photo, "path": path, "written": not sidecar.reason}
            sink.json({**record, "reason": sidecar.reason or None})
        if not sidecar.reason:
            written += 1
            continue
        left += 1
        named += sidecar.answered
        if sidecar.answered and named <= NAMED:
            sink.warn(f"no sidecar for {sidecar.photo}: {sidecar.reason}")
    if named > NAMED:
        sink.warn(f"{named - NAMED} more photos have no new sidecar; --json lists each")
    sink.notice(f"{counted(written, 'sidecar')} written, {left} left out")
