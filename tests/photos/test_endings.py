"""Endings by content, and names that lead nowhere."""

from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from geoguess_cli.photos.endings import UniqueNames, photo_ending, safe_stem

KINDS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_known_by_its_first_bytes(kind):
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind)
    assert photo_ending(file.getvalue()) == photo_ending(file.getvalue()[:16]) == KINDS[kind]


def test_heic_is_known_without_a_decoder():
    assert photo_ending(b"\0\0\0\x18ftypheic\0\0\0\0") == ".heic"


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"<html></html>", b"%!PS-Adobe-3.0 EPSF", bytes(64)]
)
def test_anything_else_is_no_photo(content):
    assert photo_ending(content) is None


@given(st.text())
@example("a" * 79 + ":b")
def test_a_safe_stem_is_one_plain_name(text):
    name = safe_stem(text)
    assert name
    assert len(name) <= 80
    assert not set(name) & set("/\\.:\0 ")
    assert safe_stem(name) == name


@given(st.lists(st.sampled_from(["a", "A", "a-2", "b", "a-3"]), max_size=12))
def test_names_are_given_once(stems):
    names = UniqueNames()
    given = [names.of(stem) for stem in stems]
    assert len({name.casefold() for name in given}) == len(stems)
    assert all(name.startswith(stem) for name, stem in zip(given, stems, strict=True))
