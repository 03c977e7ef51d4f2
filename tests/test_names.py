"""Names of files as text, and back."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.names import WRITABLE, file_of, plain_text, text_of

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: not {0, ord("/")} & set(name) and name not in (b".", b"..")
)


@given(parts=st.lists(NAMES, min_size=1, max_size=3))
def test_a_name_of_any_bytes_is_written_and_read_back(tmp_path_factory, parts):
    name = os.fsdecode(b"/".join(parts))
    written = text_of(name)
    written.encode("utf-8")  # what every file needs
    root = tmp_path_factory.getbasetemp() / "absent"
    again = file_of(root / written)
    if written != name:
        assert again == root / name
    elif again != root / name:
        # The name itself looks like one that is written so; it counts wherever it exists.
        assert "%" in name


def test_a_name_that_exists_is_never_read_as_another(tmp_path):
    literal = tmp_path / "caf%E9.jpg"
    assert file_of(literal).name == "caf\udce9.jpg"
    literal.touch()
    assert file_of(literal) == literal


@pytest.mark.parametrize(
    "name", ["Zu\u0308rich.jpg", "100%.jpg", "caf%C3%A9.jpg", "a b/\u0141.jpg"]
)
def test_every_other_name_stays_as_it_is(tmp_path, name):
    assert text_of(name) == name
    assert file_of(tmp_path / name) == tmp_path / name


def test_half_characters_are_replaced():
    assert (
        plain_text("caf\udce9 \ud83c \U0001f30d") == "caf%E9 \N{REPLACEMENT CHARACTER} \U0001f30d"
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8", "cp437"])
def test_a_code_page_gets_what_it_lacks_as_json_reads_it(encoding):
    text = "Łódź \U0001f30d −1 km² naïve"
    line = json.dumps(text, ensure_ascii=False).encode(encoding, WRITABLE).decode(encoding)
    assert json.loads(line) == text
    assert "caf\udce9\ud83c".encode(encoding, WRITABLE).decode(encoding) in (
        "caf%E9\N{REPLACEMENT CHARACTER}",
        "caf%E9\\ufffd",
    )
