"""An address on the command line, and in place of a model folder."""

from pathlib import Path

import pytest
import typer

from geoguess_cli.console.addresses import hub_address, local_models
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import ConfigError
from geoguess_cli.hub.address import HubAddress


@pytest.mark.parametrize("text", ["hf://me/model@v1", "me/model@v1"])
def test_an_address_needs_no_scheme_where_nothing_else_can_stand(text: str) -> None:
    assert hub_address(text) == HubAddress("me", "model", "v1")


@pytest.mark.parametrize("text", ["me", "hf://me", "me/model/x", ""])
def test_what_is_no_address_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="hf://OWNER/NAME"):
        hub_address(text)


def test_paths_stay_as_they_are() -> None:
    places = (Path("artifacts/model"), Path("other"))
    assert local_models(places, Sink()) == places
    with pytest.raises(ConfigError, match="hf://OWNER/NAME"):
        local_models((places[0], Path("hf://me")), Sink())
