"""Coordinates in every notation, read to the degrees that they stand for."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.errors import CoordinateError
from geoguess_cli.photos.coordinates import degree_columns, degrees_of
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.reading import read_source

BOZEMAN = 45 + 40 / 60 + 48 / 3600

LATITUDES = {
    "45 deg 40' 48.00\" N": BOZEMAN,  # ExifTool
    "45 deg 40' 48.00\"": BOZEMAN,
    "45°40'48\"N": BOZEMAN,
    "45°40′48″N": BOZEMAN,
    "45º 40’ 48,0” n": BOZEMAN,
    "45° 40' 48'' N": BOZEMAN,
    "45,40.8N": BOZEMAN,  # XMP
    "45,40,48N": BOZEMAN,
    "N 45 40.8": BOZEMAN,
    "N45° 40.8'": BOZEMAN,
    "45:40:48": BOZEMAN,
    "45 40 48 N": BOZEMAN,
    "45d40'48.00\"N": BOZEMAN,  # GDAL
    "45d40m48sN": BOZEMAN,
    "45d40m48s": BOZEMAN,
    "45d40m48sS": -BOZEMAN,
    "45 degrees 40 minutes 48 seconds north": BOZEMAN,
    "45 deg. 40 min. 48 sec. South": -BOZEMAN,
    "48.2° S": -48.2,
    "S48.2": -48.2,
    "48.2 s": -48.2,
    "-48.2°": -48.2,
    "−48.2": -48.2,
    "-48.2 S": -48.2,
    "+48.2 N": 48.2,
    "45,68": 45.68,
    "-45,68°": -45.68,
    "45,6812 N": 45.6812,
    "45,68N": 45.68,
    "-0 30 0": -0.5,
    "45 40' 60.00\" N": 45 + 41 / 60,  # rounded up by the program that wrote it
    "9": 9.0,
}


@pytest.mark.parametrize(("text", "degrees"), LATITUDES.items())
def test_each_notation_is_read(text: str, degrees: float) -> None:
    assert degrees_of(text, "latitude") == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "axis", "reason"),
    [
        ("abc", "latitude", "latitude is not a number: 'abc'"),
        ("", "latitude", "latitude is not a number: ''"),
        ("1,234.5", "longitude", "longitude is not a number: '1,234.5'"),
        ("45,40,48", "latitude", "latitude is not a number: '45,40,48'"),
        ("45.5° 30'", "latitude", "latitude is not a number: '45.5° 30''"),
        ("45° E", "latitude", "latitude is '45° E'; it must lie N or S"),
        ("45 N", "longitude", "longitude is '45 N'; it must lie E or W"),
        ("-45 N", "latitude", "latitude is '-45 N'; its sign contradicts its hemisphere"),
        ("+45 S", "latitude", "latitude is '+45 S'; its sign contradicts its hemisphere"),
        ("N 45 N", "latitude", "latitude has two hemispheres: 'N 45 N'"),
        ("45,40N", "latitude", "latitude is '45,40N'; that can be 45°40' or 45.40°"),
        ("45° 75' N", "latitude", "latitude is '45° 75' N'; minutes and seconds must be below 60"),
        ("45 60 1", "latitude", "latitude is '45 60 1'; minutes and seconds must be below 60"),
        ("7 O", "longitude", "longitude is not a number: '7 O'"),  # west in French, east in German
    ],
)
def test_what_is_no_coordinate_says_why(text: str, axis: str, reason: str) -> None:
    with pytest.raises(CoordinateError) as caught:
        degrees_of(text, axis)
    assert str(caught.value) == reason


def letter_of(axis: str, negative: bool) -> str:
    return {"latitude": "NS", "longitude": "EW"}[axis][negative]


NOTATIONS = {
    "exiftool": lambda d, m, s, h: f"{d} deg {m}' {s:.4f}\" {h}",
    "signs": lambda d, m, s, h: f"{d}°{m}'{s:.4f}\"{h}",
    "primes": lambda d, m, s, h: f"{h}{d}° {m}′ {s:.4f}″",
    "spaces": lambda d, m, s, h: f"{d} {m} {s:.4f} {h}",
    "colons": lambda d, m, s, h: f"{d}:{m}:{s:.4f}{h}",
    "xmp seconds": lambda d, m, s, h: f"{d},{m},{s:.4f}{h}",
    "xmp minutes": lambda d, m, s, h: f"{d},{m + s / 60:.8f}{h}",
    "minutes": lambda d, m, s, h: f"{h} {d} {m + s / 60:.8f}",
    "comma": lambda d, m, s, h: f"{d}° {m}' {s:.4f}\" {h}".replace(".", ","),
    "letters": lambda d, m, s, h: f"{d}d{m}m{s:.4f}s{h}",
    "decimal": lambda d, m, s, h: f"{d + m / 60 + s / 3600:.9f}° {h}",
    "decimal comma": lambda d, m, s, h: f"{h} {d + m / 60 + s / 3600:.9f}".replace(".", ","),
}


@pytest.mark.parametrize("notation", NOTATIONS)
@given(
    axis=st.sampled_from(["latitude", "longitude"]),
    degrees=st.integers(0, 179),
    minutes=st.integers(0, 59),
    tenthousandths=st.integers(0, 599_999),
    negative=st.booleans(),
    upper=st.booleans(),
)
def test_what_is_written_is_read(
    notation, axis, degrees, minutes, tenthousandths, negative, upper
) -> None:
    seconds = tenthousandths / 10_000
    letter = letter_of(axis, negative)
    text = NOTATIONS[notation](degrees, minutes, seconds, letter if upper else letter.lower())
    expected = degrees + minutes / 60 + seconds / 3600
    whole = degree_columns(pl.DataFrame({"latitude": [text], "longitude": [text]}))
    assert whole[f"@{axis}"][0] == pytest.approx(degrees_of(text, axis), abs=1e-12)
    # Half a unit of the last digit written, of a second or of a degree.
    assert abs(degrees_of(text, axis) - (-expected if negative else expected)) < 2e-8


def answer_to(text: str) -> float | str:
    try:
        return degrees_of(text, "longitude")
    except CoordinateError as error:
        return str(error)


@given(st.text(max_size=12) | st.text("0123456789.,-+°'\" NSEWnsewdm:", max_size=12))
def test_any_text_is_a_number_or_a_reason_that_quotes_it(text: str) -> None:
    answer = answer_to(text)
    if isinstance(answer, str):
        assert f"'{text}'" in answer
    else:
        assert abs(answer) == abs(answer_to(text.strip().lstrip("+-−")))


def test_columns_are_read_together_and_faults_stay_with_their_row() -> None:
    frame = pl.DataFrame(
        {
            "latitude": ["1.5", "45,40.8N", None, "45 W", "48.2 S"],
            "longitude": ["2", "111,2.4W", "3", "x", "1e1"],
            "note": list("abcde"),
        }
    )
    read = degree_columns(frame)
    assert read.select(frame.columns).equals(frame)
    assert read["@latitude"].to_list() == [1.5, pytest.approx(BOZEMAN), None, None, -48.2]
    assert read["@longitude"].to_list() == [2, pytest.approx(-111.04), 3, None, 10]
    faults = [None, None, None, "latitude is '45 W'; it must lie N or S", None]
    assert read["@fault"].to_list() == faults


def test_a_table_of_several_notations_is_read(csv_of) -> None:
    lines = [
        "photo;latitude;longitude",
        "a.jpg;45,68;-111,04",
        'b.jpg;"45 deg 40\' 48.00"" N";"111 deg 2\' 24.00"" W"',
        "c.jpg;S 33 26.5;70°39′W",
        "d.jpg;70 W;33 S",
    ]
    reading = read_source(csv_of("\n".join(lines)))
    assert reading.table.frame["photo"].to_list() == ["a.jpg", "b.jpg", "c.jpg"]
    latlng = [(45.68, -111.04), (45.68, -111.04), (-33.441666666666667, -70.65)]
    assert reading.table.latlng.tolist() == [pytest.approx(pair, abs=1e-12) for pair in latlng]
    assert reading.bad_rows == [BadRow(5, "latitude is '70 W'; it must lie N or S", "t.csv")]


def test_a_hemisphere_may_have_its_own_column(csv_of) -> None:
    lines = [
        "SourceFile,GPSLatitude,GPSLatitudeRef,GPSLongitude,GPSLongitudeRef",
        "a.jpg,45.5,N,111.25,W",
        "b.jpg,33.5,South,151.25,East",
        "c.jpg,-33.5,S,-70.25,W",
        "d.jpg,45 deg 30' 0.00\" N,North,111 deg 15' 0.00\" W,West",
        "e.jpg,45.5,E,111.25,W",
        "f.jpg,45.5,,111.25,",
    ]
    reading = read_source(csv_of("\n".join(lines)))
    west, north = [45.5, -111.25], [45.5, 111.25]
    assert reading.table.latlng.tolist() == [west, [-33.5, 151.25], [-33.5, -70.25], west, north]
    assert reading.bad_rows == [BadRow(6, "latitude is '45.5 E'; it must lie N or S", "t.csv")]
