"""Photos in zips and tars are read in place, whatever names them."""

import io
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.photos.table import read_photo_table, write_photo_table
from geoguess_cli.sources.reading import read_source


@pytest.fixture
def photo(tmp_path_factory, write_photo):
    """The bytes of a photo, with a GPS position if asked."""
    path = tmp_path_factory.mktemp("photo") / "a.jpg"
    return lambda gps=None: write_photo(path, gps=gps).read_bytes()


def write_zip(path: Path, parts: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, parts: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


def all_decode(table) -> bool:
    return all(decode_photo(file).size == (24, 16) for file in table.files)


@pytest.mark.parametrize("inside", ["", "osv5m"])
@pytest.mark.parametrize("flat", [True, False])
def test_osv_5m_is_read_as_it_is_published(
    tmp_path, photo, write_csv, osv_row, osv_header, inside, flat
):
    home = tmp_path / inside
    for split, number in (("train", 1), ("test", 2)):
        ids = [f"{number}2345678901234{n}" for n in range(4)]
        write_csv(home / f"{split}.csv", osv_header, [osv_row(id_) for id_ in [*ids, "999"]])
        for part in range(2):
            folder = "" if flat else f"0{part}/"
            members = {f"{folder}{id_}.jpg": photo() for id_ in ids[2 * part : 2 * part + 2]}
            write_zip(home / "images" / split / f"0{part}.zip", members)
    reading = read_source(tmp_path, check_files=True)
    frame = reading.table.frame
    assert (reading.kind, reading.table.splits) == ("osv", {"train": 4, "test": 4})
    assert reading.missing == ["999", "999"]
    folder = "" if flat else "01/"
    assert frame["photo"].to_list()[3] == f"images/train/01.zip/{folder}123456789012343.jpg"
    assert frame["id"].to_list()[4] == "223456789012340"
    assert frame["archive"].to_list()[4] == "images/test/00.zip"
    assert all_decode(reading.table)
    write_photo_table(reading.table, tmp_path / "out" / "photos.parquet")
    again = read_source(tmp_path / "out" / "photos.parquet", check_files=True)
    assert (again.missing, again.bad_rows, again.kind) == ([], [], "photo table")
    assert all_decode(again.table)
    assert all_decode(read_photo_table(tmp_path / "out" / "photos.parquet"))


def test_osv_mini_can_lie_in_zips_beside_loose_photos(osv_mini):
    kansas = osv_mini / "osv5m" / "train_images" / "Kansas"
    parts = {path.name: path.read_bytes() for path in kansas.iterdir()}
    write_zip(kansas.with_suffix(".zip"), parts, zipfile.ZIP_DEFLATED)
    unpacked = read_source(osv_mini)
    assert not unpacked.table.has("archive")  # a loose photo goes before a packed one
    for path in kansas.iterdir():
        path.unlink()
    reading = read_source(osv_mini)
    assert reading.missing == unpacked.missing
    assert [path.rpartition("/")[2] for path in reading.table.frame["photo"]] == [
        path.rpartition("/")[2] for path in unpacked.table.frame["photo"]
    ]
    assert reading.table.frame["archive"].null_count() == 4
    assert reading.table.frame["compression"].drop_nulls().to_list() == ["deflated"] * 2
    assert all_decode(reading.table)


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_an_archive_is_read_by_the_exif_of_its_photos(tmp_path, photo, write):
    path = write(
        tmp_path / f"a{'.zip' if write is write_zip else '.tar'}",
        {
            "b.jpg": photo((-33.5, -70.25)),
            "d/c.JPG": photo((55.75, 13.5)),
            "d/none.jpg": photo(),
            "__MACOSX/._b.jpg": b"x",
            "d/.hidden.jpg": photo((1, 1)),
            "../../evil.jpg": photo((2.5, 3.5)),
            "notes.txt": b"text",
            "broken.jpg": b"no picture",
        },
    )
    reading = read_source(path)
    assert reading.kind == "archives"
    assert rows_of(reading) == [
        (f"{path.name}/b.jpg", -33.5, -70.25),
        (f"{path.name}/d/c.JPG", 55.75, 13.5),
        (f"{path.name}/../../evil.jpg", 2.5, 3.5),
    ]
    assert reading.table.root == tmp_path.resolve()
    reasons = [bad.reason for bad in reading.bad_rows]
    assert reasons[0].startswith(f"'{path.name}/d/none.jpg'")
    assert f"{path.name}/broken.jpg is not a picture" in reasons[1]
    assert all_decode(reading.table)
    inside = read_source(tmp_path)
    assert rows_of(inside) == rows_of(reading)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [path.name]


def test_a_folder_of_archives_and_loose_photos_is_read_whole(tmp_path, photo, write_photo):
    write_zip(tmp_path / "z" / "1.zip", {"a.jpg": photo((1.5, 2.5))})
    write_tar(tmp_path / "2.tar", {"a.jpg": photo((3.5, 4.5))})
    write_zip(tmp_path / ".cache" / "3.zip", {"a.jpg": photo((9, 9))})
    write_photo(tmp_path / "c.jpg", gps=(5.5, 6.5))
    reading = read_source(tmp_path)
    assert rows_of(reading) == [
        ("2.tar/a.jpg", 3.5, 4.5),
        ("z/1.zip/a.jpg", 1.5, 2.5),
        ("c.jpg", 5.5, 6.5),
    ]
    assert reading.table.frame["archive"].to_list() == ["2.tar", "z/1.zip", None]


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize(
    ("member", "named"),
    [
        ("a.jpg", "p.zip/a.jpg"),
        ("a.jpg", "a.jpg"),
        ("a.jpg", "p/a.jpg"),
        ("d/a.jpg", "d/a.jpg"),
        ("top/d/a.jpg", "d/a.jpg"),
        ("d/a.jpg", "a.jpg"),
    ],
)
def test_a_table_finds_its_photos_in_an_archive_beside_it(
    tmp_path, photo, csv_of, write, member, named
):
    ending = ".zip" if write is write_zip else ".tar"
    named = named.replace(".zip", ending)
    write(tmp_path / f"p{ending}", {member: photo(), "other/b.jpg": photo()})
    path = csv_of(f"photo,latitude,longitude\n{named},1,2\nnone.jpg,3,4\n")
    reading = read_source(path, check_files=True)
    assert rows_of(reading) == [(f"p{ending}/{member}", 1, 2)]
    assert reading.missing == ["none.jpg"]
    assert all_decode(reading.table)
    assert rows_of(read_source(path)) == [(f"p{ending}/{member}", 1, 2), ("none.jpg", 3, 4)]


def test_a_path_is_not_taken_for_a_photo_of_its_name_elsewhere(tmp_path, photo, csv_of):
    write_zip(tmp_path / "p.zip", {"2020/x/a.jpg": photo()})
    path = csv_of("photo,latitude,longitude\n2019/a.jpg,1,2\n")
    with pytest.raises(PhotoTableError, match="none of its 1 photos exists"):
        read_source(path, check_files=True)


def test_a_name_of_two_members_is_not_guessed_at(tmp_path, photo, csv_of):
    write_zip(tmp_path / "p.zip", {"1/a.jpg": photo(), "2/a.jpg": photo(), "b.jpg": photo()})
    path = csv_of("id,lat,lon\na,1,2\nb,3,4\n")
    reading = read_source(path)
    assert rows_of(reading) == [("p.zip/b.jpg", 3, 4)]
    assert reading.bad_rows == [
        BadRow(2, f"2 photos in archives below {tmp_path} fit 'a'", "t.csv")
    ]


def test_a_photo_that_cannot_be_read_in_place_is_named(tmp_path, photo, csv_of):
    write_zip(tmp_path / "l.zip", {"a.jpg": photo(), "b.jpg": photo()}, zipfile.ZIP_LZMA)
    write_zip(tmp_path / "s.zip", {"c.jpg": photo((1.5, 2.5))})
    reason = "is compressed by LZMA; unpack it, or pack it again as stored"
    reading = read_source(csv_of("id,lat,lon\na,1,2\nc,3,4\n"))
    assert reading.bad_rows == [BadRow(2, f"l.zip/a.jpg {reason}", "t.csv")]
    (tmp_path / "t.csv").unlink()
    reading = read_source(tmp_path)
    assert rows_of(reading) == [("s.zip/c.jpg", 1.5, 2.5)]
    assert reading.bad_rows == [
        BadRow(0, f"l.zip/a.jpg {reason}"),
        BadRow(0, f"l.zip/b.jpg {reason}"),
    ]


def test_a_damaged_archive_among_others_is_named(tmp_path, photo, csv_of):
    write_zip(tmp_path / "s.zip", {"c.jpg": photo()})
    (tmp_path / "cut.zip").write_bytes((tmp_path / "s.zip").read_bytes()[:-30])
    reading = read_source(csv_of("id,lat,lon\na,1,2\nc,3,4\n"))
    assert rows_of(reading) == [("s.zip/c.jpg", 3, 4)]
    assert reading.missing == ["a"]
    (bad,) = reading.bad_rows
    assert "cut.zip is damaged or incomplete" in str(bad)
    assert str(bad).endswith("download or copy it again")
    (tmp_path / "t.csv").unlink()
    with pytest.raises(PhotoTableError, match="none of its 2 rows can be used"):
        read_source(tmp_path)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tgz"])
def test_a_tar_that_is_compressed_as_a_whole_says_what_to_do(tmp_path, csv_of, name):
    path = tmp_path / name
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("a.jpg")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"abc"))
    with pytest.raises(PhotoTableError, match=f"`gzip -d {name}` leaves a tar that can be read"):
        read_source(path)
    with pytest.raises(PhotoTableError, match=f"; unpack archives such as {name} first"):
        read_source(csv_of("id,lat,lon\na,1,2\n"))


def test_coordinates_alone_open_no_archive(tmp_path, csv_of):
    (tmp_path / "cut.zip").write_bytes(b"PK")
    path = csv_of("id,lat,lon\na,1,2\n")
    assert len(read_source(path, places_only=True).table) == 1


def test_members_of_a_table_are_members(tmp_path, photo, csv_of):
    path = write_zip(tmp_path / "p.zip", {"a.jpg": photo()})
    (file,) = read_source(csv_of("id,lat,lon\na,1,2\n")).table.files
    assert isinstance(file, Member)
    assert file.archive == path.resolve()
    assert file.offset == 30 + len("a.jpg")


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize("folder", ["", "data/"])
def test_a_table_inside_an_archive_is_named_with_the_command_that_takes_it_out(
    tmp_path, photo, write, folder
):
    table = f"{folder}metadata.csv"
    text = "".join(f"\n{name}.jpg,46.5,-112.0" for name in "ab")
    members = {f"{folder}{name}.jpg": photo() for name in "ab"}
    members[table] = f"file_name,latitude,longitude{text}".encode()
    path = write(tmp_path / "a set" / f"set.{write.__name__[-3:]}", members)
    with pytest.raises(PhotoTableError, match=r"no photo in .* has a GPS position") as caught:
        read_source(path)
    command, _, rest = str(caught.value).partition("`")[2].partition("`, then name ")
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"needs {command.split()[0]}")
    subprocess.run(command, shell=True, check=True, capture_output=True)
    reading = read_source(Path(rest))
    assert rows_of(reading) == [
        (f"set.{path.suffix[1:]}/{folder}{name}.jpg", 46.5, -112.0) for name in "ab"
    ]
