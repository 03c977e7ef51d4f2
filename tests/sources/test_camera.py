"""A folder of photos without a table: read by EXIF, or refused with the reason."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.reading import read_source


@pytest.mark.parametrize("folders", [("Albania", "South_Korea"), ("US-MT", "US-KS", "other")])
def test_a_folder_for_each_country_is_refused_with_the_reason(tmp_path, write_photo, folders):
    for folder in folders:
        write_photo(tmp_path / "train" / folder / "canvas_1.jpg")
    message = (
        rf"folder for its country or region \({folders[0]}|{folders[1]}.*photo, latitude, long"
    )
    with pytest.raises(PhotoTableError, match=message):
        read_source(tmp_path)


def test_country_folders_with_gps_are_read(tmp_path, write_photo):
    write_photo(tmp_path / "Albania" / "1.jpg", gps=(41.5, 20.5))
    write_photo(tmp_path / "Andorra" / "1.jpg")
    reading = read_source(tmp_path)
    assert (reading.kind, len(reading.table), len(reading.bad_rows)) == ("exif", 1, 1)


def test_other_folders_are_not_taken_for_countries(tmp_path, write_photo):
    for folder in ("Albania", "holiday", "garden"):
        write_photo(tmp_path / folder / "1.jpg")
    with pytest.raises(PhotoTableError, match="none of its 3 rows can be used"):
        read_source(tmp_path)
