"""The members of an archive and their positions, as the standard library knows them."""

import contextlib
import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.archives import Member
from geoguess_cli.sources.archive_index import index_archive, zip_checksums

many = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
names = st.text(
    st.characters(codec="utf-8", exclude_characters="\\\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=150,
).filter(lambda name: name == name.strip("/").removeprefix("./") and "//" not in name)
contents = st.lists(
    st.tuples(names, st.binary(max_size=700), st.booleans()),
    max_size=6,
    unique_by=lambda part: part[0],
)


def read(path: Path) -> dict[str, bytes]:
    """Every member that the index lists, read by its position."""
    index = index_archive(path)
    assert index["refused"].null_count() == len(index)
    rows = index.drop("refused").iter_rows()
    return {row[0]: Member(path, *row).read_bytes() for row in rows}


class Stream(io.RawIOBase):
    """A file that cannot seek: a zip in it has the sizes of a member after its data."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, part) -> int:
        self.content += bytes(part)
        return len(part)


@many
@given(parts=contents, streamed=st.booleans(), extra=st.booleans(), before=st.binary(max_size=40))
def test_each_member_of_a_zip_is_read_as_zipfile_reads_it(tmp_path, parts, streamed, extra, before):
    path = tmp_path / "a.zip"
    target = Stream() if streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content, packed in parts:
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<2H3s", 0x9999, 3, b"abc") if extra else b""
            method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            archive.writestr(info, content, compress_type=method)
    content = target.content if streamed else target.getvalue()
    path.write_bytes(b"Z" + before + content)  # a program that unpacks itself stands before
    with zipfile.ZipFile(path) as archive:
        expected = {info.filename: archive.read(info) for info in archive.infolist()}
        checksums = [(info.filename, info.CRC, info.file_size) for info in archive.infolist()]
    assert read(path) == expected == {name: content for name, content, _ in parts}
    assert list(zip_checksums(path)) == checksums


@many
@given(parts=contents, form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_each_member_of_a_tar_is_read_as_tarfile_reads_it(tmp_path, parts, form):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=form) as archive:
        for name, content, linked in parts:
            if linked:
                link = tarfile.TarInfo(name + " link")
                link.type, link.linkname = tarfile.SYMTYPE, "/etc/" + "x" * 200
                archive.addfile(link)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    with tarfile.open(path) as archive:
        expected = {info.name: archive.extractfile(info).read() for info in archive if info.isreg()}
    assert read(path) == expected == {name: content for name, content, _ in parts}


def test_a_ustar_prefix_belongs_to_the_name(tmp_path):
    path, name = tmp_path / "a.tar", "d" * 80 + "/" + "e" * 80 + ".jpg"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.size = 2
        archive.addfile(info, io.BytesIO(b"ab"))
    assert read(path) == {name: b"ab"}


def test_a_zip_of_many_entries_is_a_zip64(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(66_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")
        archive.writestr(zipfile.ZipInfo("last.jpg"), b"abc")
    index = index_archive(path)
    assert len(index) == 66_001
    row = index.drop("refused").row(-1)
    assert Member(path, *row).read_bytes() == b"abc"


def test_a_member_beyond_four_gigabytes_is_read(tmp_path):
    """Sparse: the first member takes no room on the disk."""
    path, gap = tmp_path / "a.zip", 2**32 + 10
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open(zipfile.ZipInfo("large"), "w", force_zip64=True):
            pass
        archive.fp.seek(gap)
        archive.start_dir = gap
        archive.writestr("far.jpg", b"far away")
    index = index_archive(path)
    (row,) = index.filter(pl.col("name") == "far.jpg").drop("refused").rows()
    assert row[1] > gap
    assert Member(path, *row).read_bytes() == b"far away"


def test_names_of_folders_and_of_windows(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.mkdir("d")
        archive.writestr("./d/a.jpg", b"1")
        archive.writestr("../b.jpg", b"2")
        archive.writestr("/c.jpg", b"3")
    path.write_bytes(path.read_bytes().replace(b"d/a.jpg", b"d\\a.jpg"))
    assert read(path) == {"d/a.jpg": b"1", "../b.jpg": b"2", "/c.jpg": b"3"}


def test_a_name_that_is_not_utf_8_is_read(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("caf?.jpg", b"1")
    path.write_bytes(path.read_bytes().replace(b"caf?", b"caf\x82"))
    assert read(path) == {"café.jpg": b"1"}
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("caf\udce9.jpg"))
    assert read(tmp_path / "a.tar") == {"café.jpg": b""}


def test_members_that_cannot_be_read_in_place_say_why(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, method in (("a", 14), ("b", 0), ("c", 8), ("d", 12)):
            archive.writestr(f"{name}.jpg", b"abc", compress_type=method)
    content = bytearray(path.read_bytes())
    entry = content.index(b"c.jpg", content.index(b"PK\x01\x02")) - 46
    content[entry + 8] |= 1
    path.write_bytes(content)
    assert index_archive(path)["refused"].to_list() == [
        "is compressed by LZMA; unpack it, or pack it again as stored",
        None,
        "is encrypted; unpack it with its password",
        "is compressed by bzip2; unpack it, or pack it again as stored",
    ]


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


PARTS = {"a.jpg": b"abc" * 500, "b.jpg": b"def" * 500}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(PARTS)[:-30], "it does not end as a zip does; download or copy it again"),
        (zipped(PARTS)[:1000], "it does not end as a zip does"),
        (zipped(PARTS).replace(b"PK\x01\x02", b"PK\x01\x03"), "its directory has a gap"),
        (b"no archive at all", "it is no zip or tar"),
        (b"", "it is no zip or tar"),
        (tarred(PARTS)[:3000], "b.jpg is cut off; download or copy it again"),
        (tarred(PARTS).replace(b"b.jpg", b"c.jpg"), "no header at byte 2048"),
        (gzip.compress(tarred(PARTS)), r"\(gzip\).*`gzip -d a.bin` leaves a tar that can be read"),
    ],
)
def test_an_archive_that_cannot_be_read_says_what_to_do(tmp_path, content, message):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(PhotoTableError, match=message) as caught:
        index_archive(path)
    assert "\n" not in str(caught.value)


@many
@given(at=st.floats(0, 1), value=st.integers(0, 255), form=st.sampled_from([zipped, tarred]))
def test_any_changed_byte_gives_an_index_or_one_line(tmp_path, at, value, form):
    content = bytearray(form(PARTS))
    content[int(at * (len(content) - 1))] = value
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with contextlib.suppress(PhotoTableError):  # any other error is a bug
        assert (index_archive(path)["length"] >= 0).all()


def test_what_is_no_sound_zip_has_no_checksums(tmp_path):
    inner, outer = tmp_path / "inner.zip", tmp_path / "outer.tar"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.jpg", b"abc")
    with tarfile.open(outer, "w") as archive:
        archive.add(inner, "inner.zip")
    with pytest.raises(PhotoTableError, match="is a tar"):
        list(zip_checksums(outer))
    inner.write_bytes(inner.read_bytes()[:-10])
    with pytest.raises(PhotoTableError, match="does not end as a zip does"):
        list(zip_checksums(inner))
