"""Leaks: a table that leaks is caught, whichever way it does; a clean one passes."""

import itertools
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.photos.splits import GROUPINGS, assign_splits
from geoguess_cli.photos.table import PhotoTable


def drives(count: int = 2000, seed: int = 0) -> PhotoTable:
    """Drives of ten photos some 100 m apart, in towns; ten drives of each photographer."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform([30, -120], [45, -80], (40, 2))
    starts = towns[rng.integers(0, 40, count // 10)] + rng.normal(0, 0.05, (count // 10, 2))
    latlng = np.repeat(starts, 10, axis=0) + 0.001 * (np.arange(count) % 10)[:, None]
    frame = {
        "photo": [f"{row}.jpg" for row in range(count)],
        "latitude": latlng[:, 0],
        "longitude": latlng[:, 1],
        "sequence": [f"s{row // 10}" for row in range(count)],
        "creator": [f"c{row // 100}" for row in range(count)],
    }
    return PhotoTable(pl.DataFrame(frame), Path("/photos"))


def table_of(latlng: np.ndarray, **columns: list[str | None]) -> PhotoTable:
    frame = {"photo": [f"{row}.jpg" for row in range(len(latlng))]}
    frame |= {"latitude": latlng[:, 0], "longitude": latlng[:, 1], **columns}
    return PhotoTable(
        pl.DataFrame(frame, schema_overrides=dict.fromkeys(columns, pl.String)), Path("/photos")
    )


def without(table: PhotoTable, *columns: str) -> PhotoTable:
    return PhotoTable(table.frame.drop(columns), table.root)


def test_a_random_split_of_drives_is_caught():
    report = find_leaks(assign_splits(drives(), by="random"))
    assert report.level == "leaking"
    assert "sequences lie on both sides of train and val" in report.verdict
    assert "`geoguess data split --force --by sequence`" in report.advice


def test_a_random_split_is_caught_where_no_drive_is_known():
    report = find_leaks(assign_splits(without(drives(), "sequence", "creator"), by="random"))
    assert report.level == "leaking"
    assert "of the val photos have no known sequence and lie within 1 km" in report.verdict
    assert "--by cell --buffer-km 1" in report.advice


@pytest.mark.parametrize("by", ["sequence", "creator", "cell"])
def test_a_split_with_a_buffer_is_clean(by):
    table = drives() if by != "cell" else without(drives(), "sequence", "creator")
    report = find_leaks(assign_splits(table, by=by, buffer_km=1.0))
    assert report.level == "clean"
    assert report.advice == ""
    assert "no val or test photo lies within 1 km of a training photo" in report.verdict
    assert not any(of.column == "sequence" for of in report.shared)


def test_whole_drives_next_to_each_other_are_close_not_leaking():
    report = find_leaks(assign_splits(drives(), by="sequence"))
    assert report.level == "close"
    assert "val photos lie within 1 km of a training photo" in report.verdict
    assert "`geoguess data split --buffer-km 1`" in report.advice


def test_the_advice_to_a_close_split_cleans_it():
    done = assign_splits(drives(), by="sequence")
    cleaned = assign_splits(done, buffer_km=1.0)
    assert find_leaks(cleaned).level == "clean"
    assert {side: cleaned.splits[side] for side in ("val", "test")} == {"val": 200, "test": 200}


def test_whole_blocks_are_not_taken_for_a_random_split():
    rng = np.random.default_rng(0)
    latlng = rng.uniform([47.0, 8.0], [48.0, 9.0], (20_000, 2))
    table = table_of(latlng)
    assert find_leaks(assign_splits(table, by="cell")).level == "close"
    assert find_leaks(assign_splits(table, by="random")).level == "leaking"


def test_one_torn_drive_is_enough():
    done = assign_splits(drives(), by="sequence", buffer_km=1.0)
    split = done.frame["split"].to_list()
    row = split.index("val")
    split[row] = "train"
    torn = PhotoTable(done.frame.with_columns(pl.Series("split", split)), done.root)
    report = find_leaks(torn)
    name = done.frame["sequence"][row]
    assert (
        report.verdict == "leaking: 1 sequence lies on both sides of train and val (9 val photos)"
    )
    assert next(of for of in report.shared if of.column == "sequence").examples == (name,)


def test_shared_photographers_are_reported_but_are_not_a_leak():
    report = find_leaks(assign_splits(drives(), by="sequence", buffer_km=1.0))
    assert report.level == "clean"
    assert {of.column for of in report.shared} == {"creator"}
    assert "creator" not in report.verdict
    alone = find_leaks(assign_splits(drives(), by="creator", buffer_km=1.0))
    assert "share no sequence and no creator" in alone.verdict


def test_examples_are_the_drives_with_most_photos_on_the_second_side():
    names = [f"s{row}" for row in range(8)]
    sequence = [*names, *(name for count, name in enumerate(names, start=1) for _ in range(count))]
    split = ["train"] * 8 + ["val"] * 36
    report = find_leaks(table_of(np.zeros((44, 2)), sequence=sequence, split=split))
    assert report.shared[0].examples == ("s7", "s6", "s5", "s4", "s3")
    assert (report.shared[0].names, report.shared[0].photos) == (8, 36)


names = st.lists(st.none() | st.sampled_from("abcdef"), min_size=6, max_size=40)


@settings(max_examples=100, deadline=None)
@given(names=names, data=st.data())
def test_shared_names_are_those_of_a_plain_count(names, data):
    split = st.sampled_from(["train", "val", "test", None])
    sides = data.draw(st.lists(split, min_size=len(names), max_size=len(names)))
    table = table_of(np.zeros((len(names), 2)), sequence=names, creator=names[::-1], split=sides)
    if len(set(sides) - {None}) < 2:
        with pytest.raises(PhotoTableError):
            find_leaks(table)
        return
    found = {(of.column, *of.between): of for of in find_leaks(table).shared}
    for column, own in (("sequence", names), ("creator", names[::-1])):
        for a, b in itertools.combinations(["train", "val", "test"], 2):
            on = {
                side: [name for name, at in zip(own, sides, strict=True) if at == side and name]
                for side in (a, b)
            }
            both = set(on[a]) & set(on[b])
            of = found.pop((column, a, b), None)
            assert (of is None) == (not both)
            if of is not None:
                assert of.names == len(both)
                assert of.photos == sum(name in both for name in on[b])
                assert set(of.examples) <= both
    assert not found


@settings(max_examples=60, deadline=None)
@given(
    east=st.lists(st.floats(-0.5, 0.5), min_size=4, max_size=30),
    data=st.data(),
)
def test_distances_are_those_of_brute_force(east, data):
    latlng = np.array([[60.0, value] for value in east])
    side = st.sampled_from(["train", "val", "test", None])
    others = st.lists(side, min_size=len(east) - 2, max_size=len(east) - 2)
    sides = ["train", "val", *data.draw(others)]
    train = latlng[[side == "train" for side in sides]]
    for of in find_leaks(table_of(latlng, split=sides)).distances:
        own = latlng[[side == of.side for side in sides]]
        nearest = np.array([great_circle_km(one[None], train).min() for one in own])
        assert of.photos == len(own)
        assert of.bands == {
            "0-1": np.sum(nearest < 1),
            "1-5": np.sum((nearest >= 1) & (nearest < 5)),
            "5-25": np.sum((nearest >= 5) & (nearest < 25)),
            ">25": np.sum(nearest >= 25),
        }
        assert of.near_unknown == of.bands["0-1"]
        expected = np.percentile(nearest, [5, 25, 50, 75, 95])
        np.testing.assert_allclose(list(of.percentiles_km.values()), expected, atol=1e-8)


@pytest.fixture(scope="module")
def photo_folder(tmp_path_factory):
    """Forty pictures unlike one another, and two copies: a smaller one and a compressed one."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(5)
    for row in range(40):
        coarse = Image.fromarray((rng.random((12, 18, 3)) * 255).astype(np.uint8))
        coarse.resize((300, 200), Image.Resampling.BICUBIC).save(folder / f"{row}.jpg", quality=92)
    with Image.open(folder / "0.jpg") as image:
        image.resize((200, 133)).save(folder / "small.jpg")
    with Image.open(folder / "1.jpg") as image:
        image.save(folder / "rough.jpg", quality=30)
    return folder


def far_apart(folder: Path, sides: dict[str, str]) -> PhotoTable:
    """Photos 100 km from each other."""
    frame = {"photo": list(sides), "split": list(sides.values())}
    frame |= {"latitude": [0.0] * len(sides), "longitude": np.arange(len(sides)) - 60.0}
    return PhotoTable(pl.DataFrame(frame, schema_overrides={"split": pl.String}), folder)


def test_near_duplicates_are_caught(photo_folder):
    sides = {f"{row}.jpg": "train" if row < 30 else "val" for row in range(40)}
    table = far_apart(photo_folder, {**sides, "small.jpg": "val", "rough.jpg": "test"})
    assert find_leaks(table).level == "clean"
    assert find_leaks(table).duplicates is None
    report = find_leaks(table, photos=True)
    assert report.level == "leaking"
    assert report.verdict == (
        "leaking: 1 val photo has a near-duplicate in train; "
        "1 test photo has a near-duplicate in train"
    )
    assert "remove one photo of each near-duplicate pair" in report.advice
    pairs = {of.between: of.examples for of in report.duplicates}
    assert pairs.keys() == {("train", "val"), ("train", "test")}
    assert pairs["train", "val"][0][:2] == ("small.jpg", "0.jpg")
    assert pairs["train", "test"][0][:2] == ("rough.jpg", "1.jpg")


def test_near_duplicates_on_one_side_are_no_leak(photo_folder):
    sides = {f"{row}.jpg": "train" if row < 30 else "val" for row in range(40)}
    table = far_apart(photo_folder, {**sides, "small.jpg": "train", "rough.jpg": None})
    report = find_leaks(table, photos=True)
    assert report.level == "clean"
    assert report.duplicates == ()
    assert report.set_aside == 1
    assert "no near-duplicate photo" in report.verdict


def test_unreadable_photos_are_counted_and_match_nothing(photo_folder):
    sides = {f"{row}.jpg": "train" for row in range(5)}
    table = far_apart(photo_folder, {**sides, "gone.jpg": "train", "lost.jpg": "val"})
    done = []
    report = find_leaks(table, photos=True, on_photo=lambda *counts: done.append(counts))
    assert done == [(count, 7) for count in range(1, 8)]
    assert [photo for photo, _ in report.unreadable] == ["gone.jpg", "lost.jpg"]
    assert report.duplicates == ()


def test_only_the_sides_asked_for_are_judged():
    done = assign_splits(drives(), by="random")
    report = find_leaks(done, between=("train", "val"))
    assert set(report.splits) == {"train", "val"}
    assert {of.between for of in report.shared} == {("train", "val")}
    assert [of.side for of in report.distances] == ["val"]
    assert "test" not in report.verdict


def test_a_table_without_two_sides_is_refused():
    with pytest.raises(PhotoTableError, match="the photos have no split"):
        find_leaks(table_of(np.zeros((3, 2))))
    with pytest.raises(PhotoTableError, match="the photos have only the split test"):
        find_leaks(table_of(np.zeros((3, 2)), split=["test"] * 3))


def test_sides_without_train_have_no_distances():
    report = find_leaks(table_of(np.zeros((2, 2)), split=["val", "test"]))
    assert report.distances == ()
    assert report.verdict == "clean: nothing is known that the photos could share"


@pytest.mark.parametrize("by", GROUPINGS)
def test_the_record_is_json(by):
    report = find_leaks(assign_splits(drives(1000), by=by))
    record = json.loads(json.dumps(report.record()))
    assert record["verdict"] == report.verdict
    assert record["level"] == report.level
    assert record["splits"] == dict(report.splits)
    assert record["distances"][0]["bands"].keys() == {"0-1", "1-5", "5-25", ">25"}
