"""The names of `import geoguess_cli as gg`."""

import pytest

import geoguess_cli as gg


def test_the_names_are_there_and_no_other() -> None:
    assert set(dir(gg)) == set(gg.__all__)
    for name in gg.__all__:
        assert getattr(gg, name) is not None
    with pytest.raises(AttributeError, match="has no attribute `predict`"):
        gg.predict  # noqa: B018
