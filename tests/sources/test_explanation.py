"""What the columns of a source are taken for, and why."""

import pytest

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.sources.explanation import ColumnUse, explain_columns


def reasons(explanation) -> dict[str, tuple[list[str], str]]:
    return {use.column: (use.taken_for, use.why) for use in explanation.columns}


def test_each_column_has_its_use_its_reason_and_its_first_values(csv_of):
    text = "key,LAT,gps_lon,y,note,sequence_id\n" + "".join(
        f"k{n},{n}.5,{n}.25,{n},{'same' if n < 4 else ''},s\n" for n in range(6)
    )
    path = csv_of(text)
    explanation = explain_columns(path, columns={"latitude": "y"}, preferred={"sequence": "note"})
    assert explanation.columns[0] == ColumnUse(
        "t.csv",
        "key",
        ["photo", "id"],
        "a known name, and there is no usual one",
        ["k0", "k1", "k2"],
    )
    assert reasons(explanation) == {
        "key": (["photo", "id"], "a known name, and there is no usual one"),
        "LAT": ([], "kept as it is"),
        "gps_lon": (["longitude"], "a known name, and there is no usual one"),
        "y": (["latitude"], "named by --column"),
        "note": (["sequence"], "named in [columns] of the configuration"),
        "sequence_id": ([], "kept as it is"),
    }
    assert explanation.columns[4].samples == ["same"]
    assert (explanation.kind, explanation.remedies) == ("table", {})


def test_a_table_that_is_refused_is_explained_with_its_remedy(csv_of):
    explanation = explain_columns(csv_of("path,n,e\na.jpg,55.5,13.5\n"))
    assert reasons(explanation) == {
        "path": (["photo"], "a usual name"),
        "n": ([], "not used; its values look like a latitude"),
        "e": ([], "not used; its values look like a longitude"),
    }
    assert explanation.remedies == {
        "t.csv": "no latitude and no longitude; --column latitude=n --column longitude=e"
    }


def test_points_and_the_tables_of_a_folder_are_explained(csv_of, osv_mini):
    explanation = explain_columns(csv_of("photo,geometry\na.jpg,POINT (1 2)\n"))
    why = "a name of points, and there is no latitude and longitude"
    assert reasons(explanation)["geometry"] == (["point"], why)
    explanation = explain_columns(osv_mini)
    assert {use.file for use in explanation.columns} == {"train_mini.csv", "test_mini.csv"}
    assert explanation.kind == "osv"


def test_what_has_no_table_has_no_columns(tmp_path, write_photo):
    write_photo(tmp_path / "a.jpg", gps=(1, 2))
    with pytest.raises(PhotoTableError, match=r"has no table of photos, so no columns; `geoguess"):
        explain_columns(tmp_path)
    with pytest.raises(MissingFileError):
        explain_columns(tmp_path / "none")
