"""`geoguess model`: models to use at once, and models to give away."""

import typer

from geoguess_cli.commands import (
    model_adopt,
    model_card,
    model_export,
    model_info,
    model_pull,
    model_push,
)

app = typer.Typer(no_args_is_help=True, help="Get a model, look at it, give it away.")

app.command("adopt")(model_adopt.adopt)
app.command("pull")(model_pull.pull)
app.command("info")(model_info.info)
app.command("card")(model_card.card)
app.command("push")(model_push.push)
app.command("export")(model_export.export)
