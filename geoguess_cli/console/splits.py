"""What a split came to: the photos of each side, those set aside, and what that costs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from geoguess_cli.console.output import Sink
from geoguess_cli.wording import percent

if TYPE_CHECKING:
    from geoguess_cli.photos.buffers import SplitChoice
    from geoguess_cli.photos.table import PhotoTable

NAMES_LISTED = 5


def show_split(
    photos: "PhotoTable", aside: "PhotoTable", *, kept: list[str], buffer_km: float, sink: Sink
) -> None:
    """Show the photos of each side as a table, then say what was kept and what was set aside.

    Args:
        photos: The divided photos.
        aside: Those of them that the buffer set aside.
        kept: The sides that the table already had.
        buffer_km: The buffer, in kilometres.
        sink: Where all of it goes.
    """
    counts = {**photos.splits, **({"set aside": len(aside)} if len(aside) else {})}
    sink.table(
        ("split", "photos", "share"),
        [(name, count, f"{count / len(photos):.1%}") for name, count in counts.items()],
        right=("photos", "share"),
    )
    if kept:
        sink.notice(f"kept the existing split ({', '.join(kept)}); --force makes a new one")
    if len(aside):
        names = aside.frame["photo"].to_list()
        more = len(names) - NAMES_LISTED
        others = f" and {more:,} more (--set-aside FILE lists them)" if more > 0 else ""
        sink.notice(
            f"set aside, because they lie within {buffer_km:g} km of a val or test photo: "
            f"{', '.join(names[:NAMES_LISTED])}{others}"
        )


def warn_of_buffer(
    lost: float, choices: "Sequence[SplitChoice]", *, buffer_km: float, sink: Sink
) -> None:
    """Warn that a buffer costs many training photos, with the cost of other choices.

    Args:
        lost: Share of the training photos that is set aside.
        choices: Other choices; there are none for a large table.
        buffer_km: The buffer, in kilometres.
        sink: Where the warning goes.
    """
    figures = [f"`{choice.options}` {percent(choice.lost)}" for choice in choices]
    figures.append("`--buffer-km 0` none, but then val and test have neighbours in train")
    auto = "" if choices else "; `--buffer-km auto` takes the widest buffer that keeps 80 %"
    sink.warn(
        f"the buffer of {buffer_km:g} km sets aside {percent(lost)} of the training photos; what "
        f"other choices set aside: {', '.join(figures)}{auto}"
    )
