import pytest

from geoguess_cli.console.text import bar, colored_bars, fitted_place, shortened
from geoguess_cli.geo.places import Place, wordings


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.1, 0.5, 0.999, 1.0])
def test_a_bar_is_as_long_as_its_share(share: float) -> None:
    length = len(bar(share, 10))
    assert length - 1 <= 10 * share <= length
    assert (length == 0) == (share == 0.0)


def test_bars_are_brighter_for_more() -> None:
    little, much = colored_bars([1.0, 4.0], 8, top=4.0)
    assert (little.plain, much.plain) == ("██", "████████")

    def brightness(style: str) -> int:
        return sum(map(int, style.removeprefix("rgb(").removesuffix(")").split(",")))

    assert brightness(str(little.style)) < brightness(str(much.style))


def test_a_place_takes_the_fullest_wording_that_fits() -> None:
    place = Place("United States of America", "US", "Montana", None)
    texts = wordings(place)
    assert fitted_place(place, 100) == texts[0]
    assert fitted_place(place, len(texts[-1])) in texts
    assert fitted_place(place, 3) == shortened(texts[-1], 3)
    assert len(fitted_place(place, 3)) == 3
