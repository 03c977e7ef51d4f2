"""The `geoguess` command line: all verbs, and the one place that catches errors."""

import errno
import gc
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from geoguess_cli import __version__
from geoguess_cli.console import processes
from geoguess_cli.console.streams import calm_threads, discard_output, prepare_streams
from geoguess_cli.errors import GeoguessError, GeoguessWarning
from geoguess_cli.extras import TRAINING
from geoguess_cli.shortage import shortage

_VERBS = {
    **{"train": "train", "calibrate": "calibrate", "eval": "evaluate", "predict": "predict"},
    **{name: name for name in ("occlude", "survey", "probmap", "serve", "doctor")},
    **{name: name for name in ("data", "cells", "features", "model", "recipe")},
}
"""The module of each verb, in the order of the help."""


_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)


class Verbs(Mapping[str, TyperCommand | TyperGroup]):
    """The verbs by name. A verb is imported when it is asked for: each start needs only one."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load_verb(name, _VERBS[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_VERBS)

    def __len__(self) -> int:
        return len(_VERBS)


def _load_verb(name: str, module: str) -> Any:
    """The verb of a module: its `app` of several verbs, or the function of the module's name.

    A module may say by `COMMAND` which class parses the arguments of its verb.
    """
    home = import_module(f"geoguess_cli.commands.{module}")
    around = typer.Typer()
    if hasattr(home, "app"):
        around.add_typer(home.app, name=name)
    else:
        around.command(name, cls=getattr(home, "COMMAND", None))(getattr(home, module))
    return typer.main.get_group(around).commands[name]


class ErrorBoundary(TyperGroup):
    """Has the verbs; prints an error for the user as one line on stderr and exits with code 1."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Verbs()  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names of the verbs, which need no import."""
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; a bug keeps its traceback, and --debug shows the traceback of any error."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("once", GeoguessWarning)
                warnings.showwarning = Warnings()
                result = super().invoke(ctx)
                sys.stdout.flush()
                return result
        except GeoguessError as error:
            if ctx.params.get("debug"):
                raise
            message = " ".join(str(error).split())
            if processes.tells(message):
                typer.echo(f"error: {message}", err=True)
            raise typer.Exit(1) from error
        except ModuleNotFoundError as error:
            if error.name not in TRAINING or ctx.params.get("debug"):
                raise
            typer.echo(
                f"error: this needs {error.name}, which is not installed: pip install "
                f"{' '.join(TRAINING)}; "
                "without it, a file of `geoguess model export --to onnx` answers by --model FILE",
                err=True,
            )
            raise typer.Exit(1) from error
        except (MemoryError, RuntimeError, OSError) as error:
            reason = _refusal(error)
            if reason is None or ctx.params.get("debug"):
                raise
            typer.echo(f"error: {reason}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as interrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from interrupt


def _refusal(error: Exception) -> str | None:
    """What the system refused, in one line; None for an error of another kind, which is a bug."""
    asked = shortage(error)
    if asked is not None:
        remedy = "give a smaller --batch-size or fewer --workers, or end other programs"
        return f"out of memory: {asked}; {remedy}"
    if isinstance(error, OSError) and error.errno in _REFUSED and error.filename:
        reason = os.strerror(error.errno).lower()
        return f"{error.filename}: {reason}; give a path that you may read and change"
    return None


class Warnings:
    """Prints a warning for the user as one line, once; those of libraries look as in any program.

    Python forgets which warnings it has shown whenever a library changes its filters.
    """

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def __call__(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """Print it, unless another process or an earlier warning says the same."""
        if not issubclass(category, GeoguessWarning):
            text = warnings.formatwarning(str(message), category, filename, lineno, line)
            (file or sys.stderr).write(text)
        elif processes.leads() and str(message) not in self._shown:
            self._shown.add(str(message))
            typer.echo(f"warning: {message}", err=True)


app = typer.Typer(
    name="geoguess",
    cls=ErrorBoundary,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tell where a photo was taken, and show why.",
    epilog="With photos of your own, start with: geoguess cells build, geoguess train, geoguess "
    "predict PHOTO. With one photo: geoguess model adopt geoclip, geoguess predict PHOTO.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"geoguess {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; this is the console script."""
    prepare_streams(environment=os.environ, windows=os.name == "nt")
    calm_threads(os.environ)
    try:
        app()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        discard_output()
        typer.echo("error: no space is left for the output; send it to another disk", err=True)
        raise SystemExit(1) from error
    finally:
        # Python would look for garbage among all of torch, for a second, before it ends.
        gc.freeze()
