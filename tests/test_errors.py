"""Errors for the user are also the standard library's kind of that error."""

import pytest

from geoguess_cli import errors
from geoguess_cli.errors import GeoguessError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, GeoguessError) and kind is not GeoguessError
]


@pytest.mark.parametrize("kind", KINDS)
def test_either_class_catches_it(kind: type[GeoguessError]) -> None:
    own, standard = kind.__bases__
    assert own is GeoguessError
    assert standard.__module__ == "builtins"
    with pytest.raises(standard, match="a fault"):
        raise kind("a fault")
