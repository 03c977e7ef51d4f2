"""Photos are found however their accents are encoded."""

import unicodedata

import polars as pl
import pytest

from geoguess_cli.sources.accents import with_accents_of_disk
from geoguess_cli.sources.reading import read_source

NAME = "Zürich/Café é.jpg"
FORMS = ("NFC", "NFD")


@pytest.mark.parametrize("on_disk", FORMS)
@pytest.mark.parametrize("in_table", FORMS)
def test_a_photo_is_found_by_the_other_form_of_its_name(
    tmp_path, csv_of, write_photo, on_disk, in_table
):
    own = unicodedata.normalize(on_disk, NAME)
    write_photo(tmp_path / own)
    named = unicodedata.normalize(in_table, NAME)
    path = csv_of(f"photo,lat,lon\n{named},1,2\n{named.replace('C', 'K')},3,4\n")
    for check in (True, False):
        reading = read_source(path, check_files=check)
        assert reading.table.frame["photo"][0] == own
        assert reading.table.files[0].is_file()
    assert read_source(path, check_files=True).missing == [named.replace("C", "K")]


def test_a_name_that_is_there_stays_itself(tmp_path, write_photo):
    names = [unicodedata.normalize(form, "é.jpg") for form in FORMS]
    for name in names:
        write_photo(tmp_path / name)
    frame = pl.DataFrame({"photo": [*names, "a.jpg", str(tmp_path / "ö" / "x.jpg")]})
    assert with_accents_of_disk(frame, tmp_path).equals(frame)


def test_an_absolute_path_is_found_as_well(tmp_path, write_photo):
    write_photo(tmp_path / unicodedata.normalize("NFD", "ö") / "x.jpg")
    frame = pl.DataFrame({"photo": [str(tmp_path / "ö" / "x.jpg")]})
    found = with_accents_of_disk(frame, tmp_path / "elsewhere")["photo"][0]
    assert found == str(tmp_path / unicodedata.normalize("NFD", "ö") / "x.jpg")


@pytest.mark.parametrize("on_disk", FORMS)
def test_a_stem_is_found_by_the_other_form_too(tmp_path, csv_of, write_photo, on_disk):
    own = f"images/{unicodedata.normalize(on_disk, 'Zürich')}.jpg"
    write_photo(tmp_path / own)
    for form in FORMS:
        path = csv_of(f"key,lat,lon\n{unicodedata.normalize(form, 'Zürich')},1,2\n")
        assert read_source(path).table.frame["photo"].to_list() == [own]
