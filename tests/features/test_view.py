"""A view of a photo has a name in one word."""

from geoguess_cli.features.view import PLAIN, View
from geoguess_cli.photos.images import Augmentation


def test_a_view_is_named_by_its_number() -> None:
    assert PLAIN.name == "plain"
    assert [View(Augmentation(), number).name for number in range(2)] == ["0", "1"]
