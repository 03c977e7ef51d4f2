"""Sidecars: what other programs and our own reader find in them, and what is never replaced."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from geoguess_cli.errors import OutputError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Answering
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.inference.sidecars import sidecar_text, write_sidecar, write_sidecars
from geoguess_cli.inference.waypoints import ESTIMATE
from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.position import read_position


@pytest.fixture
def answer(partition: Partition) -> Answer:
    probabilities = np.array([0.5, 0.25, 0.125, 0.125], dtype=np.float32)
    return Answering(partition).answer(probabilities, photo="a.jpg")


PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 179.999))


@given(place=PLACES)
def test_our_own_reader_reads_the_place(tmp_path_factory, partition, place) -> None:
    answer = Answering(partition).answer(np.full(4, 0.25, dtype=np.float32))
    path = tmp_path_factory.getbasetemp() / "read.jpg"
    packet = sidecar_text(replace(answer, estimate=place)).encode()
    Image.new("RGB", (8, 8)).save(path, xmp=packet)
    rounded = tuple(round(value, 7) for value in place)
    if abs(rounded[0]) > 1e-7 or abs(rounded[1]) > 1e-7:  # exactly 0, 0 is no position
        assert read_position(path) == pytest.approx(place, abs=1e-8)


def test_exiftool_reads_place_and_error(answer: Answer, tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("no exiftool on this machine")
    path = tmp_path / "a.xmp"
    write_sidecar(replace(answer, estimate=(-45.68, 179.25), radius_90_km=0.3215), path)
    read = subprocess.run(["exiftool", "-n", "-j", path], capture_output=True, text=True)
    (tags,) = json.loads(read.stdout)
    assert tags["GPSLatitude"] == pytest.approx(-45.68, abs=1e-8)
    assert tags["GPSLongitude"] == pytest.approx(179.25, abs=1e-8)
    assert tags["GPSHPositioningError"] == 322
    assert ESTIMATE in tags["GPSProcessingMethod"]
    checked = subprocess.run(
        ["exiftool", "-validate", "-warning", "-a", path], capture_output=True, text=True
    )
    assert checked.stdout.split() == ["Validate", ":", "OK"], checked.stdout


def test_a_sidecar_that_exists_stays_whatever_its_name(answer: Answer, tmp_path: Path) -> None:
    names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]
    for name in names:
        (tmp_path / name).write_bytes(b"photo")
    (tmp_path / "a.xmp").write_text("mine")
    (tmp_path / "b.jpg.xmp").write_text("mine")
    (tmp_path / "c.XMP").write_text("mine")
    (tmp_path / "d.xmp").symlink_to(tmp_path / "gone.xmp")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.exists()}
    answers = [replace(answer, row=row, photo=name) for row, name in enumerate(names)]
    sidecars = list(write_sidecars(answers, [tmp_path / name for name in names]))
    assert [bool(sidecar.reason) for sidecar in sidecars] == [True] * 4 + [False]
    assert all("exists" in sidecar.reason for sidecar in sidecars[:4])
    assert {path: path.read_bytes() for path in before} == before
    new = {path.name for path in tmp_path.iterdir()} - {path.name for path in before}
    assert new == {"d.xmp", "e.xmp"}
    assert not (tmp_path / "gone.xmp").exists()
    assert (tmp_path / "e.xmp").read_text() == sidecar_text(answer)


def test_no_answer_no_sidecar(answer: Answer, tmp_path: Path) -> None:
    files = [tmp_path / "a.jpg", tmp_path / "b.jpg", Member(tmp_path / "z.zip", "c.jpg", 0, 9)]
    answers = [
        replace(answer, sure=False),
        Unanswered(1, "b.jpg", "b.jpg is not a picture"),
        replace(answer, row=2, photo="z.zip/c.jpg"),
    ]
    reasons = [sidecar.reason for sidecar in write_sidecars(answers, files)]
    assert reasons[0] == "not sure, the likeliest cell has 50.0%"
    assert reasons[1] == "b.jpg is not a picture"
    assert "-o" in reasons[2]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_keeps_the_subfolders_of_the_photos(answer: Answer, tmp_path: Path) -> None:
    trip = tmp_path / "trip"
    files = [trip / "day1/a.jpg", trip / "day2/a.jpg", Member(trip / "z.zip", "in/c.jpg", 0, 9)]
    answers = [replace(answer, row=row) for row in range(3)]
    out = tmp_path / "out"
    paths = [sidecar.path for sidecar in write_sidecars(answers, files, out)]
    assert paths == [out / "day1/a.xmp", out / "day2/a.xmp", out / "z.zip/in/c.xmp"]
    assert all(path.is_file() for path in paths)
    again = list(write_sidecars(answers, files, out))
    assert all("exists" in sidecar.reason for sidecar in again)


def test_one_sidecar_refuses_what_it_cannot_write(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "a.xmp"
    with pytest.raises(OutputError, match="not sure"):
        write_sidecar(replace(answer, sure=False), path)
    write_sidecar(answer, path)
    with pytest.raises(OutputError, match="exists, and a sidecar is never replaced"):
        write_sidecar(answer, path)
