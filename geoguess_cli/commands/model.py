"""`geoguess model`: models to use at once, and models to give away."""

import typer

from geoguess_cli.commands import model_adopt

app = typer.Typer(no_args_is_help=True, help="Get a model to use at once.")

app.command("adopt")(model_adopt.adopt)
