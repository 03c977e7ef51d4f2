"""What a split promises, on random tables: whole groups, a buffer, shares, one seed one split."""

import re
from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.photos.splits import GROUPINGS, assign_splits, set_aside
from geoguess_cli.photos.table import PhotoTable

REFUSALS = re.compile("too few for|every training photo lies within")

shares = st.sampled_from([0.0, 0.1, 0.25, 0.4])


@st.composite
def random_tables(draw, *, kept=False):
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
    return PhotoTable(pl.DataFrame(frame), Path("/photos"))


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
    table=random_tables(),
    by=st.sampled_from(GROUPINGS),
    val=shares,
    test=shares,
    buffer_km=buffers,
    level=st.sampled_from([8, 10, 13]),
    seed=st.integers(0, 3),
)
def test_no_group_is_on_two_sides(table, by, val, test, buffer_km, level, seed):
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
    table=random_tables(),
    by=st.sampled_from(GROUPINGS),
    buffer_km=st.sampled_from([0.5, 2.0, 10.0]),
    seed=st.integers(0, 3),
)
def test_a_buffer_parts_val_and_test_from_training_photos(table, by, buffer_km, seed):
    done = divide(table, by=by, buffer_km=buffer_km, seed=seed)
    if done is None:
        return
    assert all(distance > buffer_km for distance in from_train_km(done))
    # Nobody is set aside without need, and none is lost.
    rows = set_aside(done)
    held = done.frame["split"].is_in(["val", "test"]).fill_null(False).to_numpy()
    for row in rows:
        nearest = great_circle_km(done.latlng[row][None], done.latlng[held]).min()
        assert nearest <= buffer_km + 1e-6
    assert sum(done.splits.values()) + len(rows) == len(table)
    assert done.frame.drop("split").equals(table.frame)


@settings(max_examples=80, deadline=None)
@given(
    table=random_tables(kept=True),
    by=st.sampled_from(GROUPINGS),
    buffer_km=buffers,
    seed=st.integers(0, 3),
)
def test_a_kept_split_changes_only_its_training_photos(table, by, buffer_km, seed):
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
    table=random_tables(),
    by=st.sampled_from(GROUPINGS),
    buffer_km=buffers,
    seed=st.integers(0, 3),
    shuffle=st.integers(0, 2**32),
)
def test_the_same_seed_is_the_same_split_whatever_the_order(table, by, buffer_km, seed, shuffle):
    order = np.random.default_rng(shuffle).permutation(len(table))
    options = {"by": by, "buffer_km": buffer_km, "seed": seed}
    done = divide(table, **options)
    shuffled = divide(table.take(order), **options)
    if done is None:
        assert shuffled is None
        return
    assert done.take(order).frame.equals(shuffled.frame)


@settings(max_examples=100, deadline=None)
@given(table=random_tables(), by=st.sampled_from(GROUPINGS), buffer_km=buffers)
def test_dividing_again_changes_nothing(table, by, buffer_km):
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
