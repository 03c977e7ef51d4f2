"""Google Takeout: which sidecar belongs to which photo, and where the place comes from."""

import json

import pytest

from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.reading import read_source


@pytest.fixture
def write_sidecar(tmp_path):
    """Writes a sidecar; its latitude tells it from others."""

    def write(name: str, latitude: float, title: str = "x", **more: object) -> None:
        place = {"latitude": latitude, "longitude": 10.5, "altitude": 0.0}
        content = {"title": title, "photoTakenTime": {"timestamp": "1528463050"}}
        path = tmp_path / "Takeout" / "Trip" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**content, "geoData": place, **more}), encoding="utf-8")

    return write


@pytest.fixture
def photo(tmp_path, write_photo):
    def write(name: str, **options: object) -> None:
        write_photo(tmp_path / "Takeout" / "Trip" / name, **options)

    return write


LONG = "Screenshot_20230304_112233_com.example.maps_a_b_c_d.jpg"


@pytest.mark.parametrize(
    ("name", "sidecar"),
    [
        ("IMG.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG.jpg", "IMG.jpg.json"),
        ("IMG.jpg", "IMG.jpg.supplemental-me.json"),
        ("IMG.jpg", "IMG.jpg.s.json"),
        ("IMG(1).jpg", "IMG.jpg.supplemental-metadata(1).json"),
        ("IMG(1).jpg", "IMG.jpg(1).json"),
        ("IMG(1).jpg", "IMG(1).jpg.supplemental-metadata.json"),
        ("IMG-edited.jpg", "IMG.jpg.supplemental-metadata.json"),
        ("IMG-bearbeitet(2).jpg", "IMG.jpg.supplemental-metadata(2).json"),
        (LONG, LONG[:46] + ".json"),
        (
            "20230304_112233_HDR_portrait_mode.jpg",
            "20230304_112233_HDR_portrait_mode.jpg.suppleme.json",
        ),
    ],
)
def test_a_photo_finds_its_sidecar(tmp_path, photo, write_sidecar, name, sidecar):
    for other in ("IMG.jpg.json", "IMG(3).jpg.json"):
        write_sidecar(other, 70.0)
    write_sidecar(sidecar, 45.5)
    photo(name)
    reading = read_source(tmp_path / "Takeout")
    assert reading.kind == "takeout"
    assert reading.table.frame.rows() == [(f"Trip/{name}", 45.5, 10.5, 1528463050000)]


def test_a_numbered_photo_does_not_take_the_sidecar_of_another(tmp_path, photo, write_sidecar):
    photo("IMG.jpg")
    photo("IMG(1).jpg")
    photo("IMG-2.jpg")
    write_sidecar("IMG.jpg.supplemental-metadata.json", 45.5)
    reading = read_source(tmp_path / "Takeout")
    assert reading.table.frame["photo"].to_list() == ["Trip/IMG.jpg"]
    assert [bad.row for bad in reading.bad_rows] == [1, 2]
    assert "no JSON file beside it" in reading.bad_rows[0].reason
    assert "unpack all parts" in reading.bad_rows[0].reason


def test_a_place_of_zeros_is_none(tmp_path, photo, write_sidecar):
    nowhere = {"latitude": 0.0, "longitude": 0.0}
    camera = {"latitude": 46.5, "longitude": 11.5}
    write_sidecar("a.jpg.json", 0, geoData=nowhere, geoDataExif=camera)
    write_sidecar("b.jpg.json", 0, geoData=nowhere, geoDataExif=nowhere)
    write_sidecar("c.jpg.json", 0, geoData=nowhere)
    photo("a.jpg", gps=(1, 1))
    photo("b.jpg", gps=(47.5, 12.5))
    photo("c.jpg")
    reading = read_source(tmp_path / "Takeout")
    places = reading.table.frame.select("latitude", "longitude").rows()
    assert places == [(46.5, 11.5), (47.5, 12.5)]
    reason = "'Trip/c.jpg' has no position, neither in c.jpg.json nor of its own"
    assert reading.bad_rows == [BadRow(3, reason, "Takeout")]


def test_a_sidecar_without_its_photo_is_named(tmp_path, photo, write_sidecar):
    write_sidecar("a.jpg.json", 45.5)
    write_sidecar("b.jpg.json", 45.5, title="b.jpg")
    write_sidecar("film.mp4.json", 45.5, title="film.mp4")
    photo("a.jpg")
    assert read_source(tmp_path / "Takeout").missing == ["Trip/b.jpg"]


def test_other_json_files_make_no_takeout(tmp_path, write_photo):
    write_photo(tmp_path / "a.jpg", gps=(5, 5))
    (tmp_path / "a.jpg.json").write_text('{"tags": []}')
    (tmp_path / "b.jpg.json").write_text("not json")
    assert read_source(tmp_path).kind == "exif"
