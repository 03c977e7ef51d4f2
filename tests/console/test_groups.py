"""Which photos --together and --group-by answer together."""

from pathlib import Path

import pytest
import typer

from geoguess_cli.console.groups import chosen_groups
from geoguess_cli.console.inputs import PhotoArguments


def chosen(arguments: PhotoArguments, **options):  # type: ignore[no-untyped-def]
    given = {"together": False, "by": None, "kind": "csv", "output": None, **options}
    return chosen_groups(arguments, **given)


def test_the_options_choose_the_groups(table_of) -> None:
    table = table_of([(0, 0)] * 3, sequence=["a", "b", "a"])
    arguments = PhotoArguments(table.files, {Path("t.csv"): table})
    assert chosen(arguments) is None
    assert list(chosen(arguments, together=True).members) == [0, 0, 0]
    assert list(chosen(arguments, by="sequence").members) == [0, 1, 0]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"together": True, "by": "sequence"}, "do not agree"),
        ({"together": True, "kind": "xmp"}, "a sidecar a photo"),
        ({"by": "sequence", "output": Path("parts")}, "in parts"),
        ({"by": "sequence"}, "one photo table"),
    ],
)
def test_what_does_not_go_together(options, fault: str) -> None:
    with pytest.raises(typer.BadParameter, match=fault):
        chosen(PhotoArguments([Path("a.jpg")], {}), **options)
