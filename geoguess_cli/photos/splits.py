"""Train, val and test without leaks: photos that belong together stay on one side.

Photos of one drive look alike, so a model that trains on some of them partly knows the others. A
group (a sequence, a photographer or an S2 block) is therefore never divided, and a buffer keeps
training photos away from the places of val and test.
"""

import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
import polars as pl
from jaxtyping import Int, UInt64

from geoguess_cli.choices import SplitBy
from geoguess_cli.errors import PhotoTableError
from geoguess_cli.geo.cells import MAX_LEVEL, cell_parent, cell_to_token, latlng_to_cell
from geoguess_cli.photos.neighbors import MAX_REACH_KM, within_km
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.wording import counted

GROUPINGS: tuple[SplitBy, ...] = get_args(SplitBy)
"""The groups that stay whole: drives, photographers, S2 blocks, or single photos."""

BLOCK_LEVEL = 10
"""S2 level of a block, 8 to 10 km wide."""

_REGION_BUFFERS = 4
"""Least width, in buffers, of the regions whose groups go to a side together. Of 100,000 real
coordinates in drives of 6 photos, a buffer of 1 km sets 8 % aside and a buffer of 5 km 11 %; if
each drive goes alone, 29 % and 47 %. Wider regions lose fewer photos, but leave whole cells without
training photos."""

_FACE_KM = 7842.0  # average width of a cell of level 0; each level halves it (s2geometry.io)


def assign_splits(
    table: PhotoTable,
    *,
    by: str | None = None,
    val: float = 0.1,
    test: float = 0.1,
    buffer_km: float = 0.0,
    seed: int = 0,
    level: int = BLOCK_LEVEL,
    force: bool = False,
) -> PhotoTable:
    """The table with every photo in `train`, `val` or `test`, or set aside with an empty split.

    A group is never divided. An existing split is kept: only the sides that it lacks are taken from
    `train`, and a photo without a side joins its group's side, else `train`. The result depends on
    the seed and on the photos, not on the order of the rows.

    With a buffer, the training photos within it of a val or test photo are set aside: they keep
    their row, and `set_aside` lists them. Training photos are set aside because train is the
    largest side, because val and test then keep their shares and stay a fair sample of the places,
    and because a test set that came with the photos must not change. Groups of one neighbourhood go
    to the same side, so that few photos are lost; with `random`, every photo goes alone.

    Args:
        table: The photos.
        by: The groups that stay whole; None for `sequence` if any photo has one, else `cell`.
        val: Share of val in the divided photos (all photos, or the `train` of a kept split).
        test: Share of test likewise.
        buffer_km: Great-circle distance from val and test photos within which training photos are
            set aside, in kilometres, 0 to 10,000; 0 means no buffer.
        seed: Each seed gives another split.
        level: S2 level of the blocks, 0 to 30.
        force: Replace an existing split.

    Raises:
        PhotoTableError: The shares leave nothing to train on, there are too few groups, no photo
            has a value to group by, the buffer is out of range or leaves no training photo, or a
            kept split has no `train`.
    """
    _check(val, test, buffer_km)
    groups = photo_groups(table, by=by, level=level)
    sides = _kept_sides(table, groups, force=force)
    shares = {
        side: share
        for side, share in (("test", test), ("val", val))
        if share > 0 and side not in sides
    }
    divided = pl.DataFrame({"group": groups}).with_row_index("row").filter(sides == "train")
    if shares:
        together = buffer_km > 0 and by != "random"
        region_level = _region_level(buffer_km) if together else None
        latlng = table.latlng[divided["row"].to_numpy()]
        ordered = _in_turn(divided["group"], latlng, seed=seed, region_level=region_level)
        _check_groups(ordered, shares)
        new = divided.join(_divide(ordered, shares), on="group", how="left")
        rows = pl.DataFrame({"split": sides}).with_row_index("row")
        sides = rows.update(new.select("row", "split"), on="row")["split"]
    if buffer_km > 0:
        sides = _with_buffer(table, sides, buffer_km)
    return dataclasses.replace(table, frame=table.frame.with_columns(sides.alias("split")))


def set_aside(table: PhotoTable) -> Int[np.ndarray, " n"]:
    """The rows of a divided table that are on no side because of a buffer, in order."""
    if "split" not in table.frame.columns:
        return np.arange(len(table))
    return np.flatnonzero(table.frame["split"].is_null().to_numpy())


def photo_groups(
    table: PhotoTable, *, by: str | None = None, level: int = BLOCK_LEVEL
) -> pl.Series:
    """The name of each photo's group: its sequence, its creator, its S2 block, or the photo.

    A photo without a creator belongs to the group of its sequence; a photo without both is a group
    by itself.

    Args:
        table: The photos.
        by: One of `GROUPINGS`; None for `sequence` if any photo has one, else `cell`.
        level: S2 level of a block, 0 to 30.

    Raises:
        PhotoTableError: The grouping is unknown, or no photo has a value in its column.
    """
    if by is None:
        by = "sequence" if table.has("sequence") else "cell"
    if by not in GROUPINGS:
        raise PhotoTableError(
            f"unknown grouping `{by}`; photos are divided by {', '.join(GROUPINGS)}"
        )
    if by == "cell":
        cells, block = np.unique(latlng_to_cell(table.latlng, level), return_inverse=True)
        names = pl.Series([f"block {token}" for token in cell_to_token(cells)], dtype=pl.String)
        return names.gather(block).alias("group")
    columns = {"sequence": ("sequence",), "creator": ("creator", "sequence"), "random": ()}[by]
    if columns and not table.has(columns[0]):
        raise PhotoTableError(
            f"no photo has a `{by}`, so photos cannot be divided by it; --by cell divides by place"
        )
    known = [pl.format(f"{name} {{}}", name) for name in columns if table.has(name)]
    alone = pl.format("photo {}", "photo")
    return table.frame.select(pl.coalesce(*known, alone).alias("group"))["group"]


def _check(val: float, test: float, buffer_km: float) -> None:
    if min(val, test) < 0 or val + test >= 1:
        raise PhotoTableError(
            f"the shares are {val:g} for val and {test:g} for test; each must be 0 or more, "
            "and their sum less than 1"
        )
    if not 0 <= buffer_km <= MAX_REACH_KM:
        raise PhotoTableError(
            f"the buffer is {buffer_km:g} km; it must lie in [0, {MAX_REACH_KM:g}]"
        )


def _kept_sides(table: PhotoTable, groups: pl.Series, *, force: bool) -> pl.Series:
    """The existing side of each photo; `train` for a photo without one."""
    if force or not table.has("split"):
        return pl.repeat("train", len(table), dtype=pl.String, eager=True)
    if "train" not in table.splits:
        raise PhotoTableError(
            f"the existing split has only {' and '.join(table.splits)}, nothing to train on; "
            "--force makes a new one"
        )
    frame = pl.DataFrame({"split": table.frame["split"], "group": groups})
    # If a kept split divides a group, new photos of the group go to test first, then to val.
    order = pl.Enum(["train", "val", "test"])
    of_group = pl.col("split").cast(order).max().over("group").cast(pl.String)
    return frame.select(pl.coalesce("split", of_group, pl.lit("train")).alias("split"))["split"]


def _in_turn(
    groups: pl.Series, latlng: np.ndarray, *, seed: int, region_level: int | None
) -> pl.DataFrame:
    """The groups with their numbers of photos, in an order that depends on seed and photos alone.

    With a region level, the groups of a region follow each other along S2's curve, so that the
    border between two sides in a region is short.
    """
    if region_level is None:
        counted = groups.value_counts(name="photos")
        turn = pl.Series("turn", _turns(seed, counted["group"].to_list()))
        return counted.with_columns(turn).sort("turn", "group")
    frame = pl.DataFrame({"group": groups, "home": latlng_to_cell(latlng)})
    middle = pl.col("home").sort().gather(pl.len() // 2).first()
    counted = frame.group_by("group").agg(pl.len().alias("photos"), middle)
    regions, region = np.unique(
        cell_parent(counted["home"].to_numpy(), region_level), return_inverse=True
    )
    of_region = _turns(seed, [f"block {token}" for token in cell_to_token(regions)])
    turn = pl.Series("turn", of_region[region])
    return counted.with_columns(turn).sort("turn", "home", "group")


def _turns(seed: int, names: Sequence[str]) -> UInt64[np.ndarray, " n"]:
    """A number for each name, which depends on the seed and the name alone."""
    digests = (hashlib.blake2b(f"{seed} {name}".encode(), digest_size=16) for name in names)
    turns = (int.from_bytes(digest.digest()[:8]) for digest in digests)
    return np.fromiter(turns, dtype=np.uint64, count=len(names))


def _check_groups(ordered: pl.DataFrame, shares: Mapping[str, float]) -> None:
    if len(ordered) <= len(shares):
        raise PhotoTableError(
            f"{counted(int(ordered['photos'].sum()), 'photo')} in {counted(len(ordered), 'group')} "
            "that must stay whole (sequences, creators or S2 blocks) are too few for "
            f"{', '.join(['train', *shares])}; ask for fewer sides or add photos from other places"
        )


def _divide(ordered: pl.DataFrame, shares: Mapping[str, float]) -> pl.DataFrame:
    """The side of each group: each share is filled in turn, and the rest is train."""
    sizes = ordered["photos"].to_list()
    sides = ["train"] * len(sizes)
    waiting = list(range(len(sizes)))
    for later, (side, share) in enumerate(shares.items(), start=1):
        groups = _fill(waiting, sizes, share * sum(sizes))
        # Each later side, and train, needs a group.
        for group in groups[: len(waiting) - (len(shares) - later + 1)]:
            sides[group] = side
        waiting = [group for group in waiting if sides[group] == "train"]
    return ordered.select("group", pl.Series("split", sides, dtype=pl.String))


def _fill(waiting: list[int], sizes: Sequence[int], target: float) -> list[int]:
    """The first groups that fit in the target, and one more if it brings the sum nearer."""
    fitting, others, count = [], [], 0
    for group in waiting:
        if count + sizes[group] <= target:
            fitting.append(group)
            count += sizes[group]
        else:
            others.append(group)
    smallest = min(others, key=lambda group: sizes[group], default=None)
    if smallest is not None and count + sizes[smallest] - target < target - count:
        fitting.append(smallest)
    return fitting or [min(waiting, key=lambda group: sizes[group])]


def _region_level(buffer_km: float) -> int:
    """The level of the smallest cells that are at least `_REGION_BUFFERS` buffers wide."""
    halvings = math.log2(_FACE_KM / (_REGION_BUFFERS * buffer_km))
    return min(max(math.floor(halvings), 0), MAX_LEVEL)


def _with_buffer(table: PhotoTable, sides: pl.Series, buffer_km: float) -> pl.Series:
    """The sides, null for training photos that lie within the buffer of another side."""
    train = (sides == "train").to_numpy()
    near = within_km(table.latlng[train], table.latlng[~train], buffer_km)
    if near.all():
        raise PhotoTableError(
            f"every training photo lies within {buffer_km:g} km of a val or test photo; choose a "
            "smaller buffer: `--buffer-km auto` tries narrower ones, 0 means none"
        )
    return sides.scatter(np.flatnonzero(train)[near], None)
