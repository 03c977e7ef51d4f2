"""CSV files: damaged lines cost only themselves, and no encoding is an end."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.csv_files import csv_header, read_csv
from geoguess_cli.photos.files import read_rows
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.reading import read_source

HEADER = "photo,lat,lon,title"


def titles(path) -> list[tuple[str, str | None]]:
    frame, _ = read_csv(path)
    return frame.select("photo", "title").rows()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quote_that_never_closes_costs_its_own_row(csv_of, end):
    lines = [HEADER, *(f"{n}.jpg,45.{n},-111.{n},Tower {n}" for n in range(1, 9))]
    lines[3] = '3.jpg,45.3,-111.3,"Bridge, at dusk'
    reading = read_source(csv_of(end.join([*lines, ""])))
    assert reading.table.frame["photo"].to_list() == [f"{n}.jpg" for n in (1, 2, 4, 5, 6, 7, 8)]
    assert reading.table.frame["title"].to_list()[-1] == "Tower 8"
    assert reading.bad_rows == [
        BadRow(4, "the quote before 'Bridge, at dusk' never closes", "t.csv")
    ]


def test_a_quote_that_the_next_quote_closes_swallows_no_row(csv_of):
    """The quotes of both lines together are even, so a plain reader sees one field of two lines."""
    text = (
        f'{HEADER}\n1.jpg,1,2,a\n2.jpg,1,2,"b\n3.jpg,1,2,c"\n4.jpg,1,2,"d"\n5.jpg,1,2,"e ""f"""\n'
    )
    reading = read_source(csv_of(text))
    assert reading.table.frame.select("photo", "title").rows() == [
        ("1.jpg", "a"),
        ("3.jpg", 'c"'),
        ("4.jpg", "d"),
        ("5.jpg", 'e "f"'),
    ]
    assert reading.bad_rows == [BadRow(3, "the quote before 'b' never closes", "t.csv")]


def test_a_field_of_several_lines_stays_whole(csv_of):
    text = f'{HEADER}\n1.jpg,1,2,"first\nsecond, with, some, commas\n\nlast"\n2.jpg,3,4,"x"\n'
    assert titles(csv_of(text)) == [
        ("1.jpg", "first\nsecond, with, some, commas\n\nlast"),
        ("2.jpg", "x"),
    ]
    damaged = csv_of(text + "3.jpg,5,6,z,too many\n")
    assert titles(damaged)[0][1] == "first\nsecond, with, some, commas\n\nlast"
    assert read_csv(damaged)[1] == [BadRow(4, "5 fields, but the first line has 4", "t.csv")]


def test_a_quote_inside_a_field_is_a_letter(csv_of):
    text = f'{HEADER}\n1.jpg,1,2,5" lens\n2.jpg,3,4,b\n3.jpg,5,6,6" lens\n'
    assert titles(csv_of(text)) == [("1.jpg", '5" lens'), ("2.jpg", "b"), ("3.jpg", '6" lens')]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("title", ["Café", "Caf"])
def test_text_of_any_usual_encoding_is_read(tmp_path, encoding, title):
    path = tmp_path / "t.csv"
    path.write_bytes(f"{HEADER}\r\n1.jpg,1,2,{title}\r\n".encode(encoding))
    notices: list[str] = []
    frame, bad = read_csv(path, notice=notices.append)
    assert csv_header(path) == HEADER.split(",")
    assert (frame.rows(), bad) == ([("1.jpg", "1", "2", title)], [])
    guessed = encoding == "cp1252" and title == "Café"
    assert len(notices) == guessed


def test_zero_bytes_cost_their_row(csv_of):
    text = "photo,lat,lon\na.jpg,1,2\nb\0.jpg,3,4\nc.jpg,5,\x006\nd.jpg,7,8\n"
    reading = read_source(csv_of(text))
    assert reading.table.frame["photo"].to_list() == ["a.jpg", "d.jpg"]
    assert [bad.row for bad in reading.bad_rows] == [3, 4]
    assert reading.bad_rows[0].reason == "the photo path has a zero byte"


def test_one_stray_quote_in_many_rows_is_found_in_reasonable_time(csv_of):
    lines = [HEADER, *(f"{n}.jpg,1.5,2.5,title {n}" for n in range(20_000))]
    lines[7] = '6.jpg,1.5,2.5,"title'
    frame, bad = read_csv(csv_of("\n".join(lines)))
    assert frame.height == 19_999
    assert [row.row for row in bad] == [8]
    assert frame["@row"].to_list()[-1] == 20_001


@pytest.mark.parametrize("lines", ["1.jpg,1,2,a", "1.jpg,1,2,Málaga"])
def test_a_header_in_windows_1252_is_read(tmp_path, lines):
    """Polars replaces such letters in a header without a word."""
    path = tmp_path / "t.csv"
    path.write_bytes(f"photo,lat,lon,título\n{lines}\n".encode("cp1252"))
    assert csv_header(path) == ["photo", "lat", "lon", "título"]
    frame, _ = read_csv(path, ["photo", "título"])
    assert frame.columns == ["photo", "título"]
    assert len(read_source(path).table) == 1


def test_a_header_and_rows_in_two_encodings_say_what_to_do(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"photo,lat,lon,t\xc3\xadtulo\n1.jpg,1,2,M\xe1laga\n")
    with pytest.raises(PhotoTableError, match="in another encoding, save it as UTF-8"):
        read_rows(path, csv_header(path))


def test_a_zero_byte_is_a_letter_as_any_other(csv_of):
    """One column, whichever of the two readers gives its name."""
    path = csv_of('photo,lat,lon,ti\0tle\n1.jpg,1,2,a\n2.jpg,1,2,"b\n3.jpg,1,2,c\n')
    frame, bad = read_csv(path)
    assert csv_header(path) == frame.drop("@row").columns == ["photo", "lat", "lon", "ti\0tle"]
    assert [row.row for row in bad] == [3]


def test_rows_that_are_longer_than_the_header_cost_only_themselves(csv_of):
    """The columns that hold numbers are those of sound rows."""
    text = 'photo,lat,lon\n1.jpg,1,2\n2.jpg,1,2,3,4\n3.jpg,1,2,3,4\n"4.jpg,1,2\n5.jpg,1,2\n'
    frame, bad = read_csv(csv_of(text))
    assert frame["photo"].to_list() == ["1.jpg", "5.jpg"]
    assert [row.row for row in bad] == [3, 4, 5]


def test_a_table_without_names_has_numbered_columns(csv_of):
    plain = csv_of("45.1,-111.2\n46.0,-112.0\n")
    assert csv_header(plain) == ["column_1", "column_2"]
    frame, bad = read_csv(plain, ["column_2"])
    assert frame.rows(named=True) == [
        {"@row": 1, "column_2": "-111.2"},
        {"@row": 2, "column_2": "-112.0"},
    ]
    assert bad == []
    frame, bad = read_csv(csv_of("\ufeffa.jpg;45,1;-111,2\nb.jpg;1;2;3\nc.jpg;46;-112\n"))
    assert frame["column_1"].to_list() == ["a.jpg", "c.jpg"]
    assert frame["@row"].to_list() == [1, 3]
    assert bad == [BadRow(2, "4 fields, but the first line has 3", "t.csv")]


def test_a_table_without_names_may_have_any_encoding(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes('Málaga.jpg,36.7,-4.4\n"x.jpg,1,2\nb.jpg,1,2,3\n'.encode("cp1252"))
    frame, bad = read_csv(path)
    assert frame.rows() == [("Málaga.jpg", "36.7", "-4.4", 1)]
    assert [row.row for row in bad] == [2, 3]
    assert csv_header(path) == ["column_1", "column_2", "column_3"]


@pytest.mark.parametrize("header", ["photo,lat,2024", "2024,lat,lon", "a,b,c"])
def test_one_number_in_the_first_line_is_a_name(csv_of, header):
    assert csv_header(csv_of(f"{header}\n1,2,3\n")) == header.split(",")


def test_columns_without_names_are_named_on_the_command_line(csv_of):
    source = csv_of("a.jpg,45.1,-111.2\nb.jpg,46.0,-112.0\n")
    with pytest.raises(PhotoTableError, match="it has column_1, column_2, column_3; perhaps"):
        read_source(source)
    columns = {"photo": "column_1", "latitude": "column_2", "longitude": "column_3"}
    reading = read_source(source, columns=columns)
    assert reading.table.latlng.tolist() == [[45.1, -111.2], [46, -112]]
