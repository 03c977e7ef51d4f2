"""Splits: no group on two sides, shares met, the same whatever the order of the rows."""

import itertools
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.photos.splits import GROUPINGS, assign_splits, photo_groups, set_aside
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.sources.reading import read_source

sequences = st.lists(st.none() | st.sampled_from("abcdefghijkl"), min_size=3, max_size=60).filter(
    lambda names: any(names) and len(set(names) - {None}) + names.count(None) >= 3
)
shares = st.sampled_from([0.0, 0.1, 0.25, 0.4])


def sides_of(table):
    """The sides on which each group lies, and the photos of each side."""
    split = table.frame["split"].to_list()
    sides: dict[str, set[str]] = {}
    for group, side in zip(photo_groups(table), split, strict=True):
        sides.setdefault(group, set()).add(side)
    return sides, Counter(split)


@pytest.fixture(scope="module")
def of_sequences():
    def make(names, split=None):
        frame = pl.DataFrame(
            {
                "photo": [f"{row}.jpg" for row in range(len(names))],
                "latitude": np.zeros(len(names)),
                "longitude": np.zeros(len(names)),
                "sequence": pl.Series(names, dtype=pl.String),
            }
        )
        if split is not None:
            frame = frame.with_columns(pl.Series("split", split, dtype=pl.String))
        return PhotoTable(frame, Path("/photos"))

    return make


@settings(max_examples=150, deadline=None)
@given(names=sequences, val=shares, test=shares, seed=st.integers(0, 5))
def test_no_sequence_is_on_two_sides(of_sequences, names, val, test, seed):
    done = assign_splits(of_sequences(names), val=val, test=test, seed=seed)
    sides, counts = sides_of(done)
    assert all(len(on) == 1 for on in sides.values())
    assert set(counts) == {"train"} | ({"val"} if val else set()) | ({"test"} if test else set())


@settings(max_examples=100, deadline=None)
@given(names=sequences, seed=st.integers(0, 5), data=st.data())
def test_the_order_of_the_rows_does_not_matter(of_sequences, names, seed, data):
    table = of_sequences(names)
    order = np.array(data.draw(st.permutations(range(len(names)))))
    straight = assign_splits(table, val=0.2, test=0.2, seed=seed).take(order)
    shuffled = assign_splits(table.take(order), val=0.2, test=0.2, seed=seed)
    assert straight.frame.equals(shuffled.frame)


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 8), min_size=60, max_size=120),
    val=st.sampled_from([0.1, 0.15]),
    test=st.sampled_from([0.1, 0.3]),
    seed=st.integers(0, 3),
)
def test_shares_are_met_within_two_points_where_groups_are_small(
    of_sequences, sizes, val, test, seed
):
    names = [f"s{group}" for group, size in enumerate(sizes) for _ in range(size)]
    _, counts = sides_of(assign_splits(of_sequences(names), val=val, test=test, seed=seed))
    assert abs(counts["val"] / len(names) - val) <= 0.02
    assert abs(counts["test"] / len(names) - test) <= 0.02


def test_a_giant_sequence_stays_in_train(of_sequences):
    names = ["giant"] * 70 + [f"s{row}" for row in range(30)]
    for seed in range(10):
        done = assign_splits(of_sequences(names), seed=seed)
        assert done.frame["split"][0] == "train"
        assert done.splits == {"train": 80, "val": 10, "test": 10}


def test_seeds_differ(of_sequences):
    table = of_sequences([f"s{row}" for row in range(100)])
    answers = {tuple(assign_splits(table, seed=seed).frame["split"]) for seed in range(8)}
    assert len(answers) == 8


def test_seeds_differ_with_a_buffer_too(make_table):
    latlng = [[0.5 * row, 0.0] for row in range(100)]
    table = make_table(latlng, sequence=[f"s{row}" for row in range(100)])
    answers = {
        tuple(assign_splits(table, buffer_km=1.0, seed=seed).frame["split"]) for seed in range(8)
    }
    assert len(answers) == 8


def test_blocks_part_photos_that_have_no_sequences():
    rng = np.random.default_rng(0)
    latlng = np.stack([rng.uniform(40, 41, 2000), rng.uniform(-100, -99, 2000)], axis=1)
    frame = pl.DataFrame({"photo": [f"{row}" for row in range(2000)]})
    frame = frame.with_columns(
        pl.Series("latitude", latlng[:, 0]), pl.Series("longitude", latlng[:, 1])
    )
    done = assign_splits(PhotoTable(frame, Path()), level=10)
    cells = latlng_to_cell(latlng, 10)
    sides = pl.DataFrame({"cell": cells, "split": done.frame["split"]})
    assert sides.group_by("cell").agg(pl.col("split").n_unique())["split"].max() == 1
    assert len(np.unique(cells)) > 50
    assert abs(done.splits["val"] / 2000 - 0.1) <= 0.02
    assert abs(done.splits["test"] / 2000 - 0.1) <= 0.02
    coarse = assign_splits(PhotoTable(frame, Path()), level=9)
    assert not coarse.frame["split"].equals(done.frame["split"])


def test_a_full_split_is_kept_unless_forced(of_sequences):
    split = ["val", "test", *["train"] * 10]
    table = of_sequences([f"s{row}" for row in range(12)], split)
    assert assign_splits(table).frame["split"].to_list() == split
    forced = [assign_splits(table, seed=seed, force=True).frame["split"] for seed in range(5)]
    assert any(column.to_list() != split for column in forced)


def test_val_is_carved_out_of_train_and_test_is_untouched(of_sequences):
    names = [f"s{row // 3}" for row in range(300)]
    split = ["test" if row >= 240 else "train" for row in range(300)]
    done = assign_splits(of_sequences(names, split))
    sides, counts = sides_of(done)
    assert counts == {"train": 216, "val": 24, "test": 60}
    assert done.frame["split"].to_list()[240:] == ["test"] * 60
    assert all(len(on) == 1 for on in sides.values())


def test_new_photos_join_their_group(of_sequences):
    names = ["a", "a", "b", "b", "c", "d", "d"]
    split = ["test", None, "val", None, "train", None, None]
    done = assign_splits(of_sequences(names, split))
    expected = ["test", "test", "val", "val", "train", "train", "train"]
    assert done.frame["split"].to_list() == expected


def test_a_torn_group_gives_its_new_photos_to_test(of_sequences):
    names = ["a", "a", "a", "b", "c"]
    for torn in itertools.permutations(["train", "test", None]):
        done = assign_splits(of_sequences(names, [*torn, "val", "train"]))
        assert done.frame["split"][torn.index(None)] == "test"


def test_a_split_without_train_is_not_overwritten(of_sequences):
    table = of_sequences(list("abcd"), ["test"] * 4)
    with pytest.raises(PhotoTableError, match="has only test, nothing to train on; --force makes"):
        assign_splits(table)
    assert assign_splits(table, force=True).splits == {"train": 2, "val": 1, "test": 1}


def test_too_few_groups_are_told(of_sequences):
    table = of_sequences(["a"] * 5 + ["b"] * 5)
    with pytest.raises(
        PhotoTableError,
        match="10 photos in 2 groups that must stay whole",
    ):
        assign_splits(table)
    assert assign_splits(table, test=0.0).splits == {"train": 5, "val": 5}


@pytest.mark.parametrize(("val", "test"), [(-0.1, 0.1), (0.5, 0.5), (0.1, 1.0)])
def test_impossible_shares_are_refused(of_sequences, val, test):
    with pytest.raises(PhotoTableError, match="their sum less than 1"):
        assign_splits(of_sequences(list("abc")), val=val, test=test)


@pytest.mark.parametrize("by", GROUPINGS)
def test_shares_of_a_real_size_are_met_within_two_points(by):
    rng = np.random.default_rng(1)
    towns = rng.uniform([30, -120], [45, -80], (300, 2))
    latlng = towns[rng.integers(0, 300, 6000)] + rng.normal(0, 0.05, (6000, 2))
    frame = {
        "photo": [f"{row}.jpg" for row in range(6000)],
        "latitude": latlng[:, 0],
        "longitude": latlng[:, 1],
        "sequence": [f"s{row // 6}" for row in range(6000)],
        "creator": [f"c{row // 60}" for row in range(6000)],
    }
    table = PhotoTable(pl.DataFrame(frame), Path("/photos"))
    for buffer_km in (0.0, 0.2):
        done = assign_splits(table, by=by, val=0.1, test=0.2, buffer_km=buffer_km)
        assert abs(done.splits["val"] / 6000 - 0.1) <= 0.02
        assert abs(done.splits["test"] / 6000 - 0.2) <= 0.02


def test_the_buffer_takes_training_photos_and_lists_them(make_table):
    """Five photos 1.1 km apart on a line: with a kept test photo in the middle, two are near."""
    latlng = [[0.01 * row, 0.0] for row in range(5)]
    split = ["train", "train", "test", "train", "val"]
    table = make_table(latlng, split=split)
    assert assign_splits(table, buffer_km=1.1).frame["split"].to_list() == split
    done = assign_splits(table, buffer_km=1.2)
    assert done.frame["split"].to_list() == ["train", None, "test", None, "val"]
    assert set_aside(done).tolist() == [1, 3]
    assert len(set_aside(assign_splits(table, buffer_km=0.0))) == 0
    assert len(set_aside(table)) == 0


def test_neighbouring_drives_change_sides_together(make_table):
    """In a dense town, drives that took turns at random would leave next to nothing to train on."""
    rng = np.random.default_rng(0)
    latlng = rng.uniform([47.0, 8.0], [47.6, 8.8], (12_000, 2))
    place = np.floor(latlng / 0.02).astype(int)
    sequence = [str(hash((x, y, int(rng.integers(3))))) for x, y in place.tolist()]
    table = make_table(latlng, sequence=sequence)
    alone = assign_splits(table, by="random", buffer_km=1.0)
    together = assign_splits(table, by="sequence", buffer_km=1.0)
    assert len(set_aside(alone)) > 0.6 * len(table)
    assert len(set_aside(together)) < 0.2 * len(table)


def test_photos_without_a_creator_go_with_their_sequence(make_table):
    table = make_table(
        np.zeros((5, 2)),
        creator=["ann", None, None, None, "ann"],
        sequence=["s", "s", "s", None, "t"],
    )
    groups = photo_groups(table, by="creator").to_list()
    expected = ["creator ann", "sequence s", "sequence s", "photo 3.jpg", "creator ann"]
    assert groups == expected


def test_a_grouping_must_exist_and_have_its_column(make_table):
    table = make_table(np.zeros((5, 2)))
    with pytest.raises(
        PhotoTableError, match="unknown grouping `town`; photos are divided by sequence, "
    ):
        assign_splits(table, by="town")
    for by in ("sequence", "creator"):
        with pytest.raises(PhotoTableError, match=f"no photo has a `{by}`"):
            assign_splits(table, by=by)


@pytest.mark.parametrize("buffer_km", [-1.0, np.nan, 20_000.0])
def test_an_impossible_buffer_is_refused(make_table, buffer_km):
    with pytest.raises(PhotoTableError, match=r"the buffer is .* km; it must lie in"):
        assign_splits(make_table(np.zeros((5, 2))), by="random", buffer_km=buffer_km)


def test_a_buffer_that_leaves_nothing_to_train_on_is_refused(make_table):
    with pytest.raises(PhotoTableError, match="every training photo lies within 5 km"):
        assign_splits(make_table(np.zeros((9, 2))), by="random", buffer_km=5.0)


def test_splits_of_earlier_versions_stay(of_sequences):
    """A split is part of a published figure: the same seed must go on giving the same one."""
    table = of_sequences([f"s{row // 3}" for row in range(36)])
    held = {"val": [], "test": []}
    for row, side in enumerate(assign_splits(table, seed=7).frame["split"]):
        if side in held:
            held[side].append(row)
    assert held == {"val": [12, 13, 14], "test": [21, 22, 23]}


def test_129_000_photos_take_seconds(of_sequences):
    table = of_sequences([f"s{row // 6}" for row in range(129_000)])
    start = time.process_time()
    done = assign_splits(table)
    assert time.process_time() - start < 5
    assert done.splits == {"train": 103_200, "val": 12_900, "test": 12_900}


# Promises, on random tables

REFUSALS = re.compile("too few for|every training photo lies within")


@st.composite
def random_rows(draw, *, kept=False):
    """Photos around a few places, across the antimeridian too, some without drive or creator."""
    count = draw(st.integers(12, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    towns = rng.uniform([-70, -180], [70, 180], (draw(st.integers(1, 6)), 2))
    if draw(st.booleans()):
        towns[0, 1] = 180.0
    latlng = towns[rng.integers(0, len(towns), count)] + rng.normal(0, 0.05, (count, 2))
    latlng[:, 1] = (latlng[:, 1] + 180) % 360 - 180
    names = [*map(str, range(draw(st.integers(4, 30)))), None]
    frame = {
        "photo": [f"{row}.jpg" for row in range(count)],
        "latitude": latlng[:, 0],
        "longitude": latlng[:, 1],
        "sequence": ["0", *(names[at] for at in rng.integers(0, len(names), count - 1))],
        "creator": ["0", *(names[at] for at in rng.integers(0, len(names), count - 1))],
    }
    if kept:
        sides = ["train", *(["train", "train", "test", "val", None][: draw(st.integers(3, 5))])]
        frame["split"] = ["train", *(sides[at] for at in rng.integers(0, len(sides), count - 1))]
    return pl.DataFrame(frame)


def table_of(rows):
    # Not made by the strategy: the checker of types looks at random items of lists.
    return PhotoTable(rows, Path("/photos"))


def divide(table, **options):
    """The divided table, or None where its groups or its places do not allow that split."""
    try:
        return assign_splits(table, **options)
    except PhotoTableError as error:
        if not REFUSALS.search(str(error)):
            raise
        return None


def from_train_km(table):
    """The distance from each training photo to the nearest of val and test, by brute force."""
    train, held = (
        table.take(np.flatnonzero(table.frame["split"].is_in(sides).fill_null(False))).latlng
        for sides in (["train"], ["val", "test"])
    )
    return [great_circle_km(one[None], held).min() for one in train] if len(held) else []


buffers = st.sampled_from([0.0, 0.5, 2.0, 10.0])


@settings(max_examples=100, deadline=None)
@given(
    rows=random_rows(),
    by=st.sampled_from(GROUPINGS),
    val=shares,
    test=shares,
    buffer_km=buffers,
    level=st.sampled_from([8, 10, 13]),
    seed=st.integers(0, 3),
)
def test_no_group_is_on_two_sides(rows, by, val, test, buffer_km, level, seed):
    table = table_of(rows)
    options = {"val": val, "test": test, "buffer_km": buffer_km, "level": level, "seed": seed}
    done = divide(table, by=by, **options)
    if done is None:
        return
    # The names are taken from the columns here, lest a mistake in `photo_groups` hide itself.
    names = {
        "sequence": table.frame["sequence"],
        "creator": table.frame["creator"],
        "cell": pl.Series(latlng_to_cell(table.latlng, level)),
        "random": table.frame["photo"],
    }[by]
    pairs = pl.DataFrame({"name": names, "split": done.frame["split"]}).drop_nulls().unique()
    assert pairs["name"].is_unique().all()
    assert {"val", "test"} & set(done.splits) == {
        side for side, share in (("val", val), ("test", test)) if share
    }
    assert "train" in done.splits


@settings(max_examples=100, deadline=None)
@given(
    rows=random_rows(),
    by=st.sampled_from(GROUPINGS),
    buffer_km=st.sampled_from([0.5, 2.0, 10.0]),
    seed=st.integers(0, 3),
)
def test_a_buffer_parts_val_and_test_from_training_photos(rows, by, buffer_km, seed):
    table = table_of(rows)
    done = divide(table, by=by, buffer_km=buffer_km, seed=seed)
    if done is None:
        return
    assert all(distance > buffer_km for distance in from_train_km(done))
    # Nobody is set aside without need, and none is lost.
    aside = set_aside(done)
    held = done.frame["split"].is_in(["val", "test"]).fill_null(False).to_numpy()
    for row in aside:
        nearest = great_circle_km(done.latlng[row][None], done.latlng[held]).min()
        assert nearest <= buffer_km + 1e-6
    assert sum(done.splits.values()) + len(aside) == len(table)
    assert done.frame.drop("split").equals(table.frame)


@settings(max_examples=80, deadline=None)
@given(
    rows=random_rows(kept=True),
    by=st.sampled_from(GROUPINGS),
    buffer_km=buffers,
    seed=st.integers(0, 3),
)
def test_a_kept_split_changes_only_its_training_photos(rows, by, buffer_km, seed):
    table = table_of(rows)
    done = divide(table, by=by, buffer_km=buffer_km, seed=seed)
    if done is None:
        return
    before, after = table.frame["split"], done.frame["split"]
    held = before.is_in(["val", "test"]).fill_null(False)
    assert after.filter(held).equals(before.filter(held))
    assert all(distance > buffer_km for distance in from_train_km(done) if buffer_km)
    if not buffer_km:
        assert after.null_count() == 0


@settings(max_examples=80, deadline=None)
@given(
    rows=random_rows(),
    by=st.sampled_from(GROUPINGS),
    buffer_km=buffers,
    seed=st.integers(0, 3),
    shuffle=st.integers(0, 2**32),
)
def test_the_same_seed_is_the_same_split_whatever_the_order(rows, by, buffer_km, seed, shuffle):
    table = table_of(rows)
    order = np.random.default_rng(shuffle).permutation(len(table))
    options = {"by": by, "buffer_km": buffer_km, "seed": seed}
    done = divide(table, **options)
    shuffled = divide(table.take(order), **options)
    if done is None:
        assert shuffled is None
        return
    assert done.take(order).frame.equals(shuffled.frame)


@settings(max_examples=100, deadline=None)
@given(rows=random_rows(), by=st.sampled_from(GROUPINGS), buffer_km=buffers)
def test_dividing_again_changes_nothing(rows, by, buffer_km):
    table = table_of(rows)
    done = divide(table, by=by, buffer_km=buffer_km)
    if done is not None:
        again = assign_splits(done, by=by, buffer_km=buffer_km)
        assert again.frame.equals(done.frame)


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=30, max_size=120),
    val=shares,
    test=shares,
    buffer_km=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 3),
)
def test_shares_are_as_near_as_the_groups_allow(sizes, val, test, buffer_km, seed):
    """Within half of the greatest group; that is 2 points where groups are of 4 % at most."""
    rng = np.random.default_rng(seed)
    sequences = [f"s{group}" for group, size in enumerate(sizes) for _ in range(size)]
    frame = {
        "photo": [f"{row}.jpg" for row in range(len(sequences))],
        "latitude": rng.uniform(40, 41, len(sequences)),
        "longitude": rng.uniform(8, 9, len(sequences)),
        "sequence": sequences,
    }
    table = PhotoTable(pl.DataFrame(frame), Path("/photos"))
    done = divide(table, val=val, test=test, buffer_km=buffer_km, seed=seed)
    if done is None:
        return
    for side, share in (("val", val), ("test", test)):
        asked = share * len(table)
        assert abs(done.splits.get(side, 0) - asked) <= max(sizes) / 2


SHARED_PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"


@pytest.mark.skipif(not SHARED_PHOTOS.is_dir(), reason=f"no photos at {SHARED_PHOTOS}")
def test_the_photos_split_by_their_drives():
    done = assign_splits(read_source(SHARED_PHOTOS / "attribution.csv").table)
    assert done.frame.group_by("sequence").n_unique()["split"].max() == 1
    assert set(done.splits) == {"train", "val", "test"}
