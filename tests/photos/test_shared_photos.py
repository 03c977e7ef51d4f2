"""The real photos beside the repository: by their EXIF and by their table, the same places."""

from pathlib import Path

import numpy as np
import pytest

from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.sources import describe, read_source
from geoguess_cli.photos.splits import assign_splits

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"
pytestmark = pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"no photos at {PHOTOS}")

WITH_GPS = {"arezzo": 9, "berlin": 3, "lund": 29, "portland": 2}


def test_exif_and_table_agree():
    by_exif = read_source(PHOTOS)
    by_table = read_source(PHOTOS / "attribution.csv", check_files=True)
    assert (by_exif.kind, by_table.kind) == ("exif", "table")
    assert len(by_exif.table) == sum(WITH_GPS.values())
    assert len(by_exif.bad_rows) == 90 - sum(WITH_GPS.values())
    assert (len(by_table.table), len(by_table.bad_rows), by_table.missing) == (74, 16, [])
    assert {bad.reason for bad in by_table.bad_rows} == {"no coordinates"}
    assert describe(by_table)["sequences"] == 21
    tables = by_exif.table.frame.join(by_table.table.frame, on="photo", suffix="_table")
    assert tables.height == len(by_exif.table)
    a = tables.select("latitude", "longitude").to_numpy()
    b = tables.select("latitude_table", "longitude_table").to_numpy()
    assert great_circle_km(a, b).max() < 1e-3  # the table has six decimals


@pytest.mark.parametrize("folder", WITH_GPS)
def test_a_folder_of_camera_photos_is_read(folder):
    reading = read_source(PHOTOS / folder)
    assert len(reading.table) == WITH_GPS[folder]
    assert reading.bad_rows == []


def test_the_photos_split_by_their_drives():
    done = assign_splits(read_source(PHOTOS / "attribution.csv").table)
    assert done.frame.group_by("sequence").n_unique()["split"].max() == 1
    assert set(done.splits) == {"train", "val", "test"}


def test_every_photo_decodes_at_reduced_scale():
    for path in read_source(PHOTOS / "attribution.csv").table.paths[::5]:
        image = decode_photo(path, at_least=96)
        assert image.mode == "RGB"
        assert min(image.size) >= 96
        assert np.asarray(image).std() > 5
