"""Whatever the bytes, a reader gives an answer or an error that is written for the user."""

import contextlib
import tempfile
from pathlib import Path

import pytest
from fuzz.targets import FINDS, TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import GeoguessError

EXAMPLES = {"model": 12, "layout": 25}
"""Inputs of the targets that are slow; others get `MOST_EXAMPLES`."""

MOST_EXAMPLES = 40
LONGEST = 1 << 12
"""Bytes that an edit replaces at most."""


@st.composite
def edited(draw: st.DrawFn, seeds: list[bytes], words: tuple[bytes, ...]) -> bytes:
    """A sound input with a few places cut out, changed or doubled, or a few bytes of no sense."""
    content = draw(st.sampled_from(seeds) | st.binary(max_size=40))
    piece = st.binary(max_size=8) | st.sampled_from(words or (b"\xff",))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(content)))
        cut = draw(st.integers(0, 8) | st.integers(0, LONGEST))
        double = draw(st.sampled_from((1, 1, 1, 40)))
        content = content[:at] + draw(piece) * double + content[at + cut :]
    return content


def read(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(GeoguessError):
        TARGETS[name].read(content, Path(folder))


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_or_refused_in_words(name: str) -> None:
    seeds, words = TARGETS[name].seeds(), TARGETS[name].words

    @settings(
        max_examples=EXAMPLES.get(name, MOST_EXAMPLES),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(content=edited(seeds, words))
    def try_it(content: bytes) -> None:
        read(name, content)

    try_it()


@pytest.mark.parametrize("name", TARGETS)
def test_a_seed_is_sound(name: str) -> None:
    """Else the other inputs would all end at the first check."""
    sound = 0
    for seed in TARGETS[name].seeds():
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(GeoguessError):
            TARGETS[name].read(seed, Path(folder))
            sound += 1
    assert sound


@pytest.mark.parametrize(
    "path", sorted(FINDS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_was_found_once_stays_mended(path: Path) -> None:
    read(path.parent.name, path.read_bytes())
