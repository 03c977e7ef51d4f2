"""The footer, against pyarrow's reading of the same file."""

import json

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.parquet_footer import read_footer

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def written(path, *, group):
    """Rows with every kind of column, null photos, and a note, in row groups of this size."""
    images = [{"bytes": bytes([n]) * 100 * n, "path": f"{n}.jpg"} for n in range(40)]
    images[3], images[9]["bytes"] = None, None
    columns = {
        "image": pa.array(images, IMAGE),
        "latitude": [n / 3 for n in range(40)],
        "flag": [n % 2 == 0 for n in range(40)],
        "tags": [["a", "b"]] * 40,
        "when": pa.array(range(40), pa.timestamp("ms")),
    }
    table = pa.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {}})})
    pq.write_table(table, path, row_group_size=group)
    return path


@pytest.fixture
def file(tmp_path):
    return written(tmp_path / "t.parquet", group=7)


def test_it_says_what_pyarrow_says(file):
    footer, golden = read_footer(file), pq.ParquetFile(file).metadata
    assert footer.rows == golden.num_rows == 40
    assert len(footer.groups) == golden.num_row_groups == 6
    for number, group in enumerate(footer.groups):
        expected = golden.row_group(number)
        assert group.rows == expected.num_rows
        assert len(group.columns) == expected.num_columns
        for at in range(expected.num_columns):
            column = expected.column(at)
            chunk = group.columns[tuple(column.path_in_schema.split("."))]
            assert chunk.size == column.total_uncompressed_size
            assert chunk.nulls == column.statistics.null_count
    assert json.loads(footer.notes["huggingface"]) == {"info": {}}


def test_nulls_of_a_struct_count_as_nulls_of_its_parts(file):
    chunks = [group.columns["image", "bytes"] for group in read_footer(file).groups]
    assert [chunk.nulls for chunk in chunks] == [1, 1, 0, 0, 0, 0]


def test_files_of_polars_are_read_too(tmp_path):
    frame = pl.DataFrame({"image": [b"ab", None, b"c"], "x": [1, 2, 3]})
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=2)
    footer = read_footer(tmp_path / "t.parquet")
    assert footer.rows == 3
    assert [group.columns["image",].nulls for group in footer.groups] == [1, 0]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1\0\0\0\0PAR1", b"x" * 100])
def test_a_file_without_a_footer_is_named(tmp_path, content):
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    with pytest.raises(PhotoTableError, match=r"t\.parquet cannot be read as a Parquet file"):
        read_footer(path)


def test_no_damage_to_the_footer_is_a_bug(tmp_path):
    whole = written(tmp_path / "t.parquet", group=20).read_bytes()
    start = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    damaged = tmp_path / "d.parquet"
    for at in range(start, len(whole) - 8, 41):
        damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read_footer(damaged)
        except PhotoTableError as error:
            assert "download or copy it again" in str(error)  # noqa: PT017 (some damage is harmless)
