"""Models of the hub on the command line: an address as an argument, and in place of a folder."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.console.output import Sink
from geoguess_cli.errors import ConfigError

if TYPE_CHECKING:
    from geoguess_cli.hub.address import HubAddress


def hub_address(text: str) -> "HubAddress":
    """The address of a model on the hub; `owner/name` stands for it too."""
    from geoguess_cli.hub.address import address_of

    try:
        address = address_of(text) or address_of(f"hf://{text}")
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error
    assert address is not None
    return address


# Typer takes no class of ours, so the type is Any; `hub_address` makes the value.
HubArgument = Annotated[
    Any,
    typer.Argument(
        metavar="hf://OWNER/NAME[@REVISION]", parser=hub_address, help="A model on the hub."
    ),
]


def local_models(places: Any, sink: Sink) -> Any:
    """The folder of each model: a path stays, and an address of the hub becomes its snapshot.

    Args:
        places: A path or a tuple of paths, as --model and --compare give them.
        sink: Where it goes that a model is fetched.

    Raises:
        ConfigError: A path begins like an address and is none.
        HubError: A model was never fetched, and the hub cannot be reached or shows no such model.
        ModelError: What the hub has there is not a model.
    """
    from geoguess_cli.hub.address import address_of

    if isinstance(places, tuple):
        return tuple(local_models(place, sink) for place in places)
    if address_of(places) is None:
        return places
    from geoguess_cli.model.pulling import local_folder

    return local_folder(
        places,
        quiet=not sink.shows_progress,
        on_fetch=lambda address: sink.notice(
            f"{address} is not on this machine yet, so it is fetched"
        ),
    )
