"""Files are written whole or not at all."""

import errno
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure
from safetensors.numpy import save_file

from geoguess_cli.errors import BusyError, OutputError, PhotoError
from geoguess_cli.files import (
    check_writable,
    csv_lines,
    json_lines,
    locked,
    make_folder,
    part_of,
    readable,
    replacing,
    write_lines,
    write_text,
)


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_text("old", path)

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == ["a.txt"]


def test_the_temporary_file_has_the_same_ending_and_folder(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.parquet") as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".parquet")
        temporary.write_bytes(b"new")
    assert (tmp_path / "a.parquet").read_bytes() == b"new"


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"), replacing(tmp_path):
        pass


def test_records_as_text() -> None:
    records = [{"a": "é, b", "sure": True}, {"a": None, "sure": False}]
    assert list(csv_lines(records)) == ['a,sure\n"é, b",true\n', ",false\n"]
    lines = ['{"a": "é, b", "sure": true}\n', '{"a": null, "sure": false}\n']
    assert list(json_lines(records)) == lines
    assert list(csv_lines([])) == list(json_lines([])) == []


def test_lines_are_on_the_disk_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.csv"
    sizes = []

    def lines() -> Iterator[str]:
        for number in range(3):
            yield f"{number}\n"
            sizes.append(part_of(path).stat().st_size)
            assert not path.exists()

    write_lines(lines(), path)
    assert sizes == [2, 4, 6]
    assert path.read_text() == "0\n1\n2\n"
    assert [own.name for own in path.parent.iterdir()] == ["a.csv"]
    with pytest.raises(OutputError, match="is a folder"):
        write_lines([], tmp_path)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "no space is left to write {path}; free",
        ),
        (
            OSError("No space left on device (os error 28)"),
            "no space is left to write {path}; free",
        ),
        (OSError(errno.EROFS, "Read-only file system"), "{path} cannot be written: read-only"),
    ],
)
@pytest.mark.promise("fault", "a full or read-only disk under any result")
def test_a_disk_that_takes_nothing_is_told_in_one_line(tmp_path: Path, error, says: str) -> None:
    path = tmp_path / "a.txt"
    write_text("old", path)

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(OutputError) as caught:
        fail()
    assert str(caught.value).startswith(says.format(path=path))
    assert "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@contextmanager
def full_disk(left: int) -> Iterator[None]:
    """Let no file grow beyond a number of bytes, as a full disk would."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


NUMBERS = np.arange(100_000)
FRAME = pl.DataFrame({"a": NUMBERS})


def savefig(path: Path) -> None:
    figure = Figure()
    figure.add_subplot().plot(NUMBERS)
    figure.savefig(path, format="png", dpi=300)


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", NUMBERS.tobytes())


WRITERS: dict[str, Callable[[Path], object]] = {
    "bytes": lambda path: path.write_bytes(NUMBERS.tobytes()),
    "text": lambda path: path.write_text("a" * len(NUMBERS)),
    "npy": lambda path: np.save(path, NUMBERS),
    "parquet": FRAME.write_parquet,
    "streamed parquet": lambda path: FRAME.lazy().sink_parquet(path),
    "csv": FRAME.write_csv,
    "safetensors": lambda path: save_file({"a": NUMBERS}, path),
    "figure": savefig,
    "zip": write_zip,
}


@pytest.mark.parametrize("left", [0, 5000])
@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.promise("fault", "a disk that fills up below each library that writes results")
def test_a_disk_that_fills_up_is_told_in_one_line(tmp_path: Path, kind: str, left: int) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"old")
    with (
        pytest.raises(OutputError, match="no space is left to write"),
        full_disk(left),
        replacing(path) as temporary,
    ):
        WRITERS[kind](temporary)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.npy"]


@contextmanager
def without_rights() -> Iterator[None]:
    """Work as another user, if this one may do everything."""
    if os.name == "nt":
        pytest.skip("Windows has other rights")
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        yield
    finally:
        if user == 0:
            os.seteuid(user)


def lock(folder: Path) -> None:
    with locked(folder):
        pass


REFUSED: dict[str, Callable[[Path], object]] = {
    "a file": lambda folder: write_text("a", folder / "a.txt"),
    "a file some folders below": lambda folder: write_text("a", folder / "b" / "c" / "a.txt"),
    "lines": lambda folder: write_lines(["a"], folder / "b" / "c" / "a.csv"),
    "a folder": lambda folder: make_folder(folder / "b" / "c"),
    "a lock": lock,
    "a check before": lambda folder: check_writable(folder / "b" / "c" / "a.txt"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.promise("fault", "a folder of another user under any result")
def test_a_folder_of_another_user_is_told_in_one_line(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A path from the working folder, since the folders above it may be closed to others.
    folder = Path("own")
    (tmp_path / folder).mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    lock(tmp_path)  # loads the library that locks
    with (
        pytest.raises(OutputError, match="cannot be written: permission denied") as caught,
        without_rights(),
    ):
        REFUSED[kind](folder)
    assert "\n" not in str(caught.value)
    assert list(folder.iterdir()) == []


def test_a_place_that_takes_results_passes_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "b" / "c" / "a.txt")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(OutputError, match="no space is left to write"):
        check_writable(tmp_path / "a.txt")


def test_a_lock_is_held_by_one_process(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from geoguess_cli.files import locked
with locked(Path({str(tmp_path)!r})):
    print("locked", flush=True)
    input()
"""
    other = [sys.executable, "-c", script]
    with subprocess.Popen(other, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as at:
        assert at.stdout is not None
        assert at.stdout.readline() == "locked\n"
        with (
            pytest.raises(BusyError, match="it is at work"),
            locked(tmp_path, busy="it is at work"),
        ):
            pass
        at.kill()
    with locked(tmp_path, busy="it is at work"):
        pass


@pytest.mark.parametrize(
    "error", [PhotoError("a photo"), OSError(errno.EACCES, "no", "/elsewhere/photo.jpg")]
)
def test_an_error_of_another_file_stays_as_it_is(tmp_path: Path, error: OSError) -> None:
    with pytest.raises(type(error)) as caught, replacing(tmp_path / "a.txt"):
        raise error
    assert caught.value is error


def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(OutputError, match="cannot be written: "):
        write_text("new", tmp_path / "a" / "b.txt")


def test_half_characters_are_written_as_text(tmp_path: Path) -> None:
    write_text("caf\udce9 \ud83c", tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "caf%E9 \N{REPLACEMENT CHARACTER}"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_path_that_is_not_utf_8_is_read_as_content(tmp_path: Path) -> None:
    odd = tmp_path / "caf\udce9.csv"
    odd.write_bytes(b"a")
    assert readable(odd).read() == b"a"  # type: ignore[union-attr]
    assert readable(tmp_path) == tmp_path
