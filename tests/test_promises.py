"""SECURITY.md says what the tests try, no less and no more."""

from promises import KINDS, PAGE, kept_finds, promises, with_tables


def test_the_tables_are_those_of_the_tests() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_tables(text), "run `python tests/promises.py`"


def test_each_promise_has_a_kind_and_words() -> None:
    made = list(promises())
    assert {one.kind for one in made} == set(KINDS)
    assert len({one.what for one in made}) == len(made)
    assert len(list(kept_finds())) > 10
