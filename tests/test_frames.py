"""A panic of Polars is caught where its errors are."""

import polars as pl

from geoguess_cli.frames import UNREADABLE


def test_a_panic_is_among_the_errors_of_a_damaged_file() -> None:
    panic = pl.exceptions.PanicException
    assert issubclass(panic, UNREADABLE)
    assert not issubclass(panic, Exception), "it passes handlers of Exception"
