"""Answers in colour on a terminal, or as plain columns in a pipe."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.console.output import Sink
from geoguess_cli.console.text import WIDEST, colored_bars, fitted_place, shortened
from geoguess_cli.wording import counted, tenths_of_percent

if TYPE_CHECKING:
    from rich.text import Text

    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.inference.answers import Answer, Guess, Unanswered

BAR_WIDTH, SHORT_BAR_WIDTH = 12, 6
ROOMY = 72
"""Least width of a terminal for long bars, in characters."""

DEFAULT_TOP_K = 5

TRAINING, UNLIKE = "training", "unlike"
"""The column that says which photos are unlike the training photos, and its word."""

FEW_PHOTOS = 3
"""Up to this number each photo gets a table on a terminal; more photos share one table."""


def show_answers(
    answers: "Sequence[Answer | Unanswered]",
    partition: "Partition",
    *,
    top_k: int | None,
    sink: Sink,
    truths: Sequence[tuple[float, float] | None] | None = None,
) -> None:
    """Show answers on stdout.

    Args:
        answers: In the order to show.
        partition: The cells of the model.
        top_k: Guesses to list for each photo. None lists 5, but none for more than `FEW_PHOTOS`
            photos on a terminal.
        sink: Receives the tables.
        truths: If given, a map is drawn below each table. Each entry is the place where the photo
            was taken: latitude, longitude, in degrees; None if unknown.
    """
    from geoguess_cli.inference.answers import Unanswered, neighbours_of

    width = sink.terminal_width
    lists = top_k is None and truths is None and not any(map(neighbours_of, answers))
    if width is not None and lists and len(answers) > FEW_PHOTOS:
        _show_overview(answers, sink=sink, width=min(width, WIDEST))
        return
    k = top_k or DEFAULT_TOP_K
    for answer, truth in zip(answers, truths or [None] * len(answers), strict=True):
        if width is None:
            _show_plainly(answer, partition, top_k=k, sink=sink)
        else:
            _show_one(answer, partition, top_k=k, sink=sink, width=min(width, WIDEST))
        _show_neighbours(answer, sink)
        if truths is not None and not isinstance(answer, Unanswered):
            _show_map(answer, partition, truth, top_k=k, sink=sink)
        sink.text("")


def _show_neighbours(answer: "Answer | Unanswered", sink: Sink) -> None:
    """Name the training photos that a photo resembles, if they were asked for."""
    from geoguess_cli.inference.answers import neighbours_of

    if not (neighbours := neighbours_of(answer)):
        return
    sink.text("")
    sink.table(
        ("training photo", "similarity", "latitude", "longitude", "creator", "licence"),
        [
            (
                one.photo,
                f"{one.similarity:.3f}",
                f"{one.latitude:.4f}",
                f"{one.longitude:.4f}",
                one.creator,
                one.license,
            )
            for one in neighbours
        ],
        title="resembles, of the training photos, which are not in the model themselves",
        right=("similarity", "latitude", "longitude"),
    )


def _show_plainly(
    answer: "Answer | Unanswered", partition: "Partition", *, top_k: int, sink: Sink
) -> None:
    from geoguess_cli.inference.answers import Unanswered, guesses

    if isinstance(answer, Unanswered):
        sink.table(("error",), [(answer.error,)], title=_title(answer))
        return
    sink.table(
        ("#", "probability", "place", "latitude", "longitude", "token"),
        [_line(guess) for guess in guesses(answer, partition, top_k)],
        title=f"{_title(answer)}: {_sentence(answer)}",
        right=("#", "probability", "latitude", "longitude"),
    )


def _line(guess: "Guess") -> tuple[object, ...]:
    return (
        guess.rank,
        tenths_of_percent(guess.probability),
        guess.place,
        f"{guess.latitude:.4f}",
        f"{guess.longitude:.4f}",
        guess.token,
    )


def _title(answer: "Answer | Unanswered") -> str:
    """The photo, or the group and how many photos it has."""
    if answer.photos is None:
        return answer.photo
    return f"{answer.photo}, {counted(answer.photos, 'photo')}"


def _sentence(answer: "Answer") -> str:
    """The point estimate, its expected distance to the truth, and its radius."""
    from geoguess_cli.inference.answers import reach_in_words

    latitude, longitude = answer.estimate
    place = f"{latitude:.4f}, {longitude:.4f}, " if answer.sure else ""
    return place + reach_in_words(answer)


def _show_one(
    answer: "Answer | Unanswered", partition: "Partition", *, top_k: int, sink: Sink, width: int
) -> None:
    from rich.text import Text

    from geoguess_cli.inference.answers import Unanswered, cell_places, guesses

    title = Text(f" {shortened(_title(answer), width - 1, end=True)}", style="bold")
    if isinstance(answer, Unanswered):
        sink.lines([title, *_folded(answer.error, width, style="red")])
        return
    place = answer.place if answer.sure else None
    named = [Text(f" {fitted_place(place, width - 1)}")] if place is not None else []
    sink.lines([title, *named, *_folded(_sentence(answer), width, style="dim")])
    listed = guesses(answer, partition, top_k)
    bar_width = BAR_WIDTH if width >= ROOMY else SHORT_BAR_WIDTH
    bars = colored_bars([guess.probability for guess in listed], bar_width)
    token_width = max(len("cell"), *(len(guess.token) for guess in listed))
    rank_width = len(str(len(listed)))
    room = sink.room(width, (rank_width, 6, bar_width, token_width))
    places = cell_places(partition)
    sink.table(
        ("#", "prob.", "", "place", "cell"),
        [
            (
                guess.rank,
                tenths_of_percent(guess.probability),
                bar,
                fitted_place(places[guess.cell_index], room),
                Text(guess.token, style="dim"),
            )
            for guess, bar in zip(listed, bars, strict=True)
        ],
        right=("#", "prob."),
    )


def _folded(text: str, width: int, *, style: str) -> "list[Text]":
    from rich.text import Text

    return [Text(f" {line}", style=style) for line in textwrap.wrap(text, width - 1)]


def _show_overview(answers: "Sequence[Answer | Unanswered]", *, sink: Sink, width: int) -> None:
    """One line per photo: probability of the likeliest cell, place, expected distance.

    A last column says which photos are unlike the training photos, if there are any.
    """
    from rich.text import Text

    from geoguess_cli.inference.answers import Unanswered

    unlike = [not isinstance(answer, Unanswered) and answer.unlike for answer in answers]
    others = (6, SHORT_BAR_WIDTH, 6, *([len(TRAINING)] if any(unlike) else []))

    names = [one.photo if one.photos else Path(one.photo).name for one in answers]
    if len(set(names)) < len(names):
        names = [answer.photo for answer in answers]
    bars = colored_bars(
        [0.0 if isinstance(one, Unanswered) else one.confidence for one in answers], SHORT_BAR_WIDTH
    )
    name_width = min(max(map(len, names)), sink.room(width, others) // 3)
    room = sink.room(width, (name_width, *others))
    rows: list[tuple[object, ...]] = []
    for answer, name, bar in zip(answers, names, bars, strict=True):
        photo = shortened(name, name_width, end=True)
        if isinstance(answer, Unanswered):
            rows.append((photo, "", "", Text("cannot be read", style="red"), ""))
            continue
        place = answer.place if answer.sure else None
        words = fitted_place(place, room) if place is not None else "not sure"
        distance = f"{answer.expected_km:,.0f}" if answer.sure else ""
        rows.append((photo, tenths_of_percent(answer.confidence), bar, words, distance))
    columns: tuple[str, ...] = ("photo", "prob.", "", "place", "km off")
    if any(unlike):
        columns = (*columns, TRAINING)
        rows = [
            (*row, Text(UNLIKE, style="yellow") if own else "")
            for row, own in zip(rows, unlike, strict=True)
        ]
    sink.table(columns, rows, right=("prob.", "km off"))


def _show_map(
    answer: "Answer",
    partition: "Partition",
    truth: tuple[float, float] | None,
    *,
    top_k: int,
    sink: Sink,
) -> None:
    from rich.text import Text

    from geoguess_cli.maps.probability_map import probability_map
    from geoguess_cli.maps.terminal import MAX_WIDTH, terminal_map

    map_ = probability_map(answer, partition, truth=truth, top_k=top_k)
    terminal = sink.terminal_width
    lines = terminal_map(map_, width=(terminal or MAX_WIDTH) - 2, colors=sink.colors)
    sink.lines(Text(" " if terminal else "").append_text(line) for line in lines)
