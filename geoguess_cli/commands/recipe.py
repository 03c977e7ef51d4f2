"""`geoguess recipe`: the configurations that ship with the package."""

from pathlib import Path
from typing import Annotated

import typer

from geoguess_cli.console import options
from geoguess_cli.console.output import Sink

app = typer.Typer(
    no_args_is_help=True, help="List, show and use the configurations that ship with geoguess."
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A recipe that `recipe list` names.")]


@app.command("list")
def list_(*, json: options.Json = False) -> None:
    """List the recipes, a line each."""
    from geoguess_cli.recipes.catalog import NAMES, read_recipe

    sink = Sink(as_json=json)
    recipes = [read_recipe(name) for name in NAMES]
    sink.result(
        [{"name": recipe.name, "title": recipe.title} for recipe in recipes],
        lambda: sink.table(("recipe", "what it is"), [(r.name, r.title) for r in recipes]),
    )


@app.command()
def show(name: Name) -> None:
    """Print a recipe with its comments."""
    from geoguess_cli.recipes.catalog import read_recipe

    Sink().text(read_recipe(name).text)


@app.command()
def use(
    name: Name,
    *,
    output: options.Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a recipe as the configuration (default: geoguess.toml), and say what to run next."""
    from geoguess_cli.config import FILE_NAME
    from geoguess_cli.recipes.catalog import read_recipe, write_recipe

    sink = Sink(quiet=quiet)
    recipe, path = read_recipe(name), output or Path(FILE_NAME)
    write_recipe(recipe, path, force=force)
    sink.wrote("configuration", path)
    sink.notice("next:")
    for command in recipe.commands:
        sink.notice(f"  {command}")
    if path != Path(FILE_NAME):
        sink.notice(f"(each with --config {path}, because it is not ./{FILE_NAME})")
