"""The recipes: each is a `geoguess.toml` whose comments say what it is for and what to run next.

The first line of a recipe is its title. The lines that begin with `# $ ` are the commands to run.
"""

import difflib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from geoguess_cli.errors import ConfigError
from geoguess_cli.files import write_text

NAMES = ("paper", "notebook", "osv-mini", "osv-5m", "laptop", "sample")
"""All recipes; each is a file of this folder."""

_COMMAND = "# $ "


@dataclass(frozen=True)
class Recipe:
    """A configuration that ships with the package.

    Attributes:
        name: One of `NAMES`.
        text: The whole file.
    """

    name: str
    text: str

    @property
    def title(self) -> str:
        """What the recipe is for, in one line."""
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def commands(self) -> list[str]:
        """The commands that use it, in order."""
        lines = self.text.splitlines()
        return [line.removeprefix(_COMMAND) for line in lines if line.startswith(_COMMAND)]


@cache
def read_recipe(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ConfigError: There is no such recipe; the message has the nearest name.

    >>> read_recipe("paper").title
    'The paper, exactly: "CNN + ViT for Geolocation Task" (2025)'
    """
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"the recipes are {', '.join(NAMES)}"
        raise ConfigError(f"there is no recipe `{name}`; {hint}")
    file = resources.files("geoguess_cli.recipes").joinpath(f"{name}.toml")
    return Recipe(name, file.read_text(encoding="utf-8"))


def write_recipe(recipe: Recipe, path: Path, *, force: bool = False) -> None:
    """Write a recipe as a configuration, completely or not at all.

    Args:
        recipe: The recipe.
        path: The file to write.
        force: Replace a file that exists.

    Raises:
        ConfigError: The file exists, and `force` is False.
    """
    if path.exists() and not force:
        raise ConfigError(
            f"{path} exists; --force replaces it, -o names another file, and `geoguess recipe show "
            f"{recipe.name}` only prints the recipe"
        )
    write_text(recipe.text, path)
