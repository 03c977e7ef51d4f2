"""What Polars raises when it reads a file that is damaged."""

import polars as pl

UNREADABLE: tuple[type[BaseException], ...] = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,  # no Exception: it would pass every other handler
    OSError,
)
