"""The committed photos and their table are what the generator writes."""

import csv
import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from world import scene
from world.drives import all_shots

from geoguess_cli.geo.geodesy import great_circle_km


@pytest.fixture(scope="module")
def rows(sample_data):
    with (sample_data / "photos.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_table_is_the_generators(sample_data, generator, shots, tmp_path):
    generator.write_table(shots, tmp_path / "photos.csv")
    assert (tmp_path / "photos.csv").read_text() == (sample_data / "photos.csv").read_text()


def test_every_row_has_its_photo_and_every_photo_its_row(sample_data, rows):
    on_disk = {f"photos/{path.name}" for path in (sample_data / "photos").iterdir()}
    assert on_disk == {row["photo"] for row in rows}
    assert 1100 <= len(rows) <= 1300
    assert len({row["id"] for row in rows}) == len(rows)
    assert sum(path.stat().st_size for path in (sample_data / "photos").iterdir()) <= 10e6


@pytest.mark.parametrize("pick", [3, 333, 666, 999])
def test_committed_photo_can_be_painted_again(sample_data, shots, generator, pick):
    shot = shots[pick]
    painted, _ = scene.render(shot)
    file = io.BytesIO()
    Image.fromarray(painted).save(file, "JPEG", quality=generator.JPEG_QUALITY)
    with Image.open(file) as again, Image.open(sample_data / f"photos/{shot.id}.jpg") as committed:
        assert committed.size == (288, 192)
        difference = np.abs(np.asarray(again, float) - np.asarray(committed, float))
    # Another CPU rounds the last bit of a sine differently; a stroke may then move by a pixel.
    assert difference.mean() < 1.0
    other = np.asarray(Image.open(sample_data / f"photos/{shots[pick + 40].id}.jpg"), float)
    assert np.abs(np.asarray(Image.open(file), float) - other).mean() > 15


def test_whole_drives_are_held_out(rows):
    splits_of_drive = {}
    for row in rows:
        splits_of_drive.setdefault(row["sequence"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in splits_of_drive.values())
    share = Counter(row["split"] for row in rows)
    assert 0.72 <= share["train"] / len(rows) <= 0.80
    assert 0.10 <= share["val"] / len(rows) <= 0.15
    assert 0.10 <= share["test"] / len(rows) <= 0.15


def test_held_out_drives_lie_where_others_were_learned(rows):
    places = {
        split: np.array(
            [
                [float(row["latitude"]), float(row["longitude"])]
                for row in rows
                if row["split"] == split
            ]
        )
        for split in ("train", "test")
    }
    nearest = np.array(
        [great_circle_km(place[None], places["train"]).min() for place in places["test"]]
    )
    assert np.median(nearest) < 60
    assert nearest.min() > 0.3  # near, but never the same spot


def test_photos_of_a_drive_follow_each_other(rows):
    by_drive = {}
    for row in rows:
        by_drive.setdefault(row["sequence"], []).append(row)
    assert len(by_drive) >= 150
    for drive in by_drive.values():
        places = np.array([[float(row["latitude"]), float(row["longitude"])] for row in drive])
        steps = great_circle_km(places[:-1], places[1:])
        assert (steps > 0.29).all()
        assert (steps < 3.05).all()
        times = np.array([int(row["captured_at"]) for row in drive])
        assert (np.diff(times) > 0).all()


def test_every_state_of_the_table_is_the_one_on_the_map(rows):
    assert len({row["region"] for row in rows}) == 10
    assert {row["country"] for row in rows} == {"United States of America"}


def test_a_larger_world_begins_with_this_one(shots, generator):
    larger = all_shots(generator.states, drives=190)
    own = {shot.drive.sequence for shot in shots}
    assert larger[: len(shots)] == shots
    further = larger[len(shots) :]
    assert {shot.split for shot in further} == {"train"}
    assert len({shot.drive.sequence for shot in further} - own) == 10
    assert {shot.state for shot in further} <= {shot.state for shot in shots}


def test_photos_that_are_there_are_kept_if_asked(generator, shots, tmp_path):
    path = tmp_path / f"{shots[0].id}.jpg"
    path.write_bytes(b"a photo")
    assert generator.write_photo(shots[0], tmp_path, None, keep=True) == 7
    assert generator.write_photo(shots[0], tmp_path, None) > 1000
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
