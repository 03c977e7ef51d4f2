"""Members of archives are read by position, and never taken for another photo."""

import io
import multiprocessing
import os
import struct
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos import archives
from geoguess_cli.photos.archives import DEFLATED, STORED, Member
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.position import read_position

names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=130,
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)
contents = st.lists(
    st.tuples(names, st.binary(max_size=300), st.booleans()),
    max_size=6,
    unique_by=lambda part: part[0],
)


def zip_members(path: Path) -> Iterator[Member]:
    """The members of a zip by the standard library's directory and their own local headers."""
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            name, extra = struct.unpack_from("<2H", content, info.header_offset + 26)
            yield Member(
                path,
                info.filename,
                info.header_offset + 30 + name + extra,
                info.compress_size,
                {0: STORED, 8: DEFLATED}[info.compress_type],
            )


def tar_members(path: Path) -> Iterator[Member]:
    with tarfile.open(path) as archive:
        for info in archive:
            yield Member(path, info.name, info.offset_data, info.size)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=contents, streamed=st.booleans())
def test_a_member_of_a_zip_reads_as_zipfile_reads_it(tmp_path, parts, streamed) -> None:
    path = tmp_path / "a.zip"
    file = io.BytesIO()
    # A stream that cannot seek makes zipfile write the sizes after the data.
    target = type("Stream", (), {"write": file.write, "flush": file.flush})() if streamed else file
    with zipfile.ZipFile(target, "w") as archive:
        for name, content, packed in parts:
            method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    path.write_bytes(file.getvalue())
    with zipfile.ZipFile(path) as archive:
        expected = [archive.read(info) for info in archive.infolist()]
    assert [member.read_bytes() for member in zip_members(path)] == expected
    assert expected == [content for _, content, _ in parts]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=contents)
def test_a_member_of_a_tar_reads_as_tarfile_reads_it(tmp_path, form, parts) -> None:
    path = tmp_path / "a.tar"
    if form == tarfile.USTAR_FORMAT:
        parts = [part for part in parts if len(part[0].encode()) <= 100]
    with tarfile.open(path, "w", format=form) as archive:
        for name, content, _ in parts:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert [member.read_bytes() for member in tar_members(path)] == [part[1] for part in parts]


@pytest.fixture
def zipped(tmp_path, colored_photo) -> Path:
    path = tmp_path / "00.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", colored_photo("Salem", gps=(45.5, -123.25)))
        archive.writestr("b.jpg", colored_photo("Boise"), zipfile.ZIP_DEFLATED)
    return path


def test_a_photo_is_decoded_in_place(zipped: Path, colored_photo: Callable) -> None:
    first, second = zip_members(zipped)
    assert decode_photo(first).tobytes() == decode_photo(colored_photo("Salem")).tobytes()
    assert decode_photo(second).tobytes() == decode_photo(colored_photo("Boise")).tobytes()
    assert read_position(first) == (45.5, -123.25)
    assert read_position(second) is None
    assert (str(first), first.stem) == (f"{zipped}/a.jpg", "a")


def test_a_damaged_member_is_named_with_its_archive(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr("c.jpg", b"no picture")
    *_, member = zip_members(zipped)
    with pytest.raises(PhotoError, match=r"00\.zip/c\.jpg is not a picture of a known kind"):
        decode_photo(member)


CHANGED = r"^.*00\.zip/b\.jpg: 00\.zip has changed or is cut off.*run `geoguess data import` again$"


def cut_off(path: Path, member: Member) -> None:
    with path.open("r+b") as file:
        file.truncate(member.offset + member.length - 1)


def moved(path: Path, _: Member) -> None:
    path.write_bytes(b"x" + path.read_bytes())


def exchanged(path: Path, _: Member) -> None:
    content = path.read_bytes()
    assert content.count(b"b.jpg") == 2
    path.write_bytes(content.replace(b"b.jpg", b"c.jpg"))


def overwritten(path: Path, member: Member) -> None:
    with path.open("r+b") as file:
        file.seek(member.offset)
        file.write(b"\xff" * member.length)


@pytest.mark.parametrize("change", [cut_off, moved, exchanged, overwritten])
def test_an_archive_that_changed_says_what_to_do(zipped: Path, change: Callable) -> None:
    _, member = zip_members(zipped)
    member.read_bytes()
    change(zipped, member)
    with pytest.raises(PhotoError, match=CHANGED):
        member.read_bytes()


def test_an_archive_that_is_replaced_is_opened_anew(zipped: Path) -> None:
    before = [member.read_bytes() for member in zip_members(zipped)]
    new = zipped.with_name("new.zip")
    with zipfile.ZipFile(new, "w") as archive:
        archive.writestr("z.jpg", b"another")
        archive.writestr("a.jpg", before[0])
    new.replace(zipped)
    assert [member.read_bytes() for member in zip_members(zipped)] == [b"another", before[0]]


def test_a_tar_that_changed_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "0.tar"
    for name in ("one.jpg", "two.jpg"):
        with tarfile.open(path, "w") as archive:
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
        if name == "one.jpg":
            (member,) = tar_members(path)
            assert member.read_bytes() == b"abc"
    with pytest.raises(PhotoError, match=r"0\.tar has changed"):
        member.read_bytes()


def test_an_archive_that_is_gone_is_named(zipped: Path) -> None:
    member, _ = zip_members(zipped)
    zipped.unlink()
    with pytest.raises(PhotoError, match=r"a\.jpg: the archive does not exist; put it back"):
        member.read_bytes()


def test_a_member_cannot_expand_without_end(tmp_path, monkeypatch) -> None:
    """A header that says less than what follows, and one that says nothing."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(3 << 20))
    (member,) = zip_members(path)
    assert len(member.read_bytes()) == 3 << 20
    content = bytearray(path.read_bytes())
    content[22:26] = struct.pack("<I", 1000)
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=r"bomb\.zip has changed"):
        member.read_bytes()
    monkeypatch.setattr(archives, "MAX_PHOTO_BYTES", 2 << 20)
    content[6] |= 1 << 3  # sizes follow the data
    path.write_bytes(content)
    with pytest.raises(PhotoError, match="too large to open safely; a photo has at most 2 MiB"):
        member.read_bytes()


def test_a_table_cannot_ask_for_more_bytes_than_there_are(zipped: Path) -> None:
    member, _ = zip_members(zipped)
    with pytest.raises(PhotoError, match="has changed or is cut off"):
        Member(zipped, member.name, member.offset, 1 << 60).read_bytes()


def test_a_long_extra_field_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    info = zipfile.ZipInfo("a.jpg")
    info.extra = struct.pack("<2H", 0x9999, 60_000) + bytes(60_000)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"content")
    (member,) = zip_members(path)
    assert member.read_bytes() == b"content"


@pytest.mark.parametrize("positioned", [True, False])
def test_threads_read_at_the_same_time(tmp_path, monkeypatch, positioned: bool) -> None:
    if not positioned:
        monkeypatch.delattr(os, "pread")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40):
            archive.writestr(f"{number}.jpg", bytes([number]) * 5000)
    members = list(zip_members(path))
    wrong: list[str] = []

    def read() -> None:
        for _ in range(10):
            for number, member in enumerate(members):
                if member.read_bytes() != bytes([number]) * 5000:
                    wrong.append(member.name)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def checksums(members: list[Member]) -> list[int]:
    return [zlib.crc32(member.read_bytes()) for _ in range(20) for member in members]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_read_at_the_same_time(zipped: Path, method: str) -> None:
    members = list(zip_members(zipped))
    expected = checksums(members)  # the archive is open before the processes start
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(checksums, [members] * 4) == [expected] * 4


def test_many_archives_do_not_stay_open(tmp_path: Path) -> None:
    members = []
    for number in range(archives._OPEN_ARCHIVES + 30):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.jpg", b"abc")
        members += zip_members(path)
    assert {member.read_bytes() for member in members} == {b"abc"}
    if Path("/proc/self/fd").exists():
        opened = [os.path.realpath(entry) for entry in Path("/proc/self/fd").iterdir()]
        assert sum(str(tmp_path) in path for path in opened) <= archives._OPEN_ARCHIVES
