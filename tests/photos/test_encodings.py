"""The encoding of a text is told by its bytes."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.encodings import encoding_of, marked_encoding, whole_text

TEXT = "photo,lat,lon\nZürich.jpg,1,2\n"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_an_encoding_is_told_by_the_bytes(tmp_path, written, read):
    path = tmp_path / "t.csv"
    path.write_bytes(TEXT.encode(written))
    assert encoding_of(path) == read
    assert path.read_bytes().decode(read) == TEXT


def test_only_a_guess_is_told(tmp_path):
    path = tmp_path / "t.csv"
    notices: list[str] = []
    for encoding in ("utf-8", "utf-16", "cp1252"):
        path.write_bytes(TEXT.encode(encoding))
        encoding_of(path, notice=notices.append)
    assert notices == [
        f"{path} is not UTF-8 text and was read as Windows-1252; if names look wrong, "
        "save it as UTF-8"
    ]


def test_bytes_of_no_encoding_are_refused_with_the_remedy(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"photo,lat,lon\n\x81\xff.jpg,1,2\n")  # 0x81 is nothing in Windows-1252
    with pytest.raises(PhotoTableError, match=r"not UTF-8 or Windows-1252 text; save it as UTF-8"):
        encoding_of(path)
    path.write_bytes(b"\xff\xfep\0h\0o")
    with pytest.raises(PhotoTableError, match=r"not utf-16 text"):
        encoding_of(path)


def test_an_empty_or_plain_file_has_no_mark(tmp_path):
    path = tmp_path / "t.csv"
    for data in (b"", b"a", b"photo,lat\n"):
        path.write_bytes(data)
        assert marked_encoding(path) is None


def test_half_a_surrogate_pair_is_replaced():
    assert whole_text("a\ud83cb\udf05") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert whole_text("Zürich \N{SUNRISE}") == "Zürich \N{SUNRISE}"
