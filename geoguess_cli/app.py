"""The `geoguess` command line: the verbs put together, and the one error boundary."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from geoguess_cli import __version__
from geoguess_cli.commands import (
    calibrate,
    cells,
    data,
    evaluate,
    occlude,
    predict,
    probmap,
    serve,
    survey,
    train,
)
from geoguess_cli.errors import GeoguessError


class ErrorBoundary(TyperGroup):
    """Turns errors written for the user into one line on stderr and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; a bug still ends in its traceback, and so does everything with --debug."""
        try:
            return super().invoke(ctx)
        except GeoguessError as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"error: {' '.join(str(error).split())}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as interrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from interrupt


app = typer.Typer(
    name="geoguess",
    cls=ErrorBoundary,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tell where a photo was taken, and show why.",
    epilog="Start with: geoguess cells build, geoguess train, geoguess predict PHOTO.",
)


def _show_version(shown: bool) -> None:
    if shown:
        typer.echo(f"geoguess {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


app.add_typer(data.app, name="data")
app.add_typer(cells.app, name="cells")
app.command("train")(train.train)
app.command("calibrate")(calibrate.calibrate)
app.command("eval")(evaluate.evaluate)
app.command("predict")(predict.predict)
app.command("occlude")(occlude.occlude)
app.command("survey")(survey.survey)
app.command("probmap")(probmap.probmap)
app.command("serve")(serve.serve)


def main() -> None:
    """The console script."""
    app()
