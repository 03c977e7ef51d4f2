"""Train, val and test with no leak: photos that belong together stay on one side.

Photos of one drive look alike, so a model that trained on some of them has half seen the others. A
group is a `sequence` where sequences are known, else the photos in one S2 block.
"""

import dataclasses
import hashlib
from collections.abc import Mapping

import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.geo.cells import cell_to_token, latlng_to_cell
from geoguess_cli.photos.table import PhotoTable

BLOCK_LEVEL = 10
"""S2 level of a block: some 8 to 10 km wide."""


def assign_splits(
    table: PhotoTable,
    *,
    val: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    level: int = BLOCK_LEVEL,
    force: bool = False,
) -> PhotoTable:
    """The table with every photo in `train`, `val` or `test`, no group on two sides.

    A split that the table has is kept: only the sides that it lacks are carved out of `train`, and
    photos without a side join their group's, else `train`. The answer depends on the seed and on
    the groups, not on the order of the rows.

    Args:
        table: The photos.
        val: Share of val, of the photos that are divided: all, or the `train` of a kept split.
        test: Share of test, of the same.
        seed: Another seed is another split.
        level: S2 level of the blocks, 0-30, where the table has no sequences.
        force: Drop the split that the table has.

    Raises:
        PhotoTableError: Shares that leave nothing to train on, too few groups for the sides asked,
            or a kept split without `train`.
    """
    if min(val, test) < 0 or val + test >= 1:
        raise PhotoTableError(
            f"shares of {val:g} for val and {test:g} for test must be 0 or more and leave some "
            "photos to train on"
        )
    groups = photo_groups(table, level=level)
    sides = _kept_sides(table, groups, force=force)
    shares = {
        side: share
        for side, share in (("test", test), ("val", val))
        if share > 0 and side not in sides
    }
    divided = groups.filter(sides == "train")
    chosen = _divide(divided, shares, seed=seed)
    new = groups.replace_strict(chosen, default=None, return_dtype=pl.String)
    split = pl.select(pl.when(sides == "train").then(new).otherwise(sides).alias("split"))
    return dataclasses.replace(table, frame=table.frame.with_columns(split["split"]))


def photo_groups(table: PhotoTable, *, level: int = BLOCK_LEVEL) -> pl.Series:
    """The name of each photo's group: its sequence, or where no photo has one, its S2 block.

    A photo without a sequence, in a table that has some, is a group by itself.

    Args:
        table: The photos.
        level: S2 level of a block, 0-30.
    """
    if not table.has("sequence"):
        blocks = cell_to_token(latlng_to_cell(table.latlng, level))
        return pl.Series("group", [f"block {token}" for token in blocks], dtype=pl.String)
    alone = pl.format("photo {}", "photo")
    groups = pl.coalesce(pl.format("sequence {}", "sequence"), alone).alias("group")
    return table.frame.select(groups)["group"]


def _kept_sides(table: PhotoTable, groups: pl.Series, *, force: bool) -> pl.Series:
    """The side that each photo already has, `train` where it has none."""
    if force or not table.has("split"):
        return pl.Series("split", ["train"] * len(table), dtype=pl.String)
    if "train" not in table.splits:
        raise PhotoTableError(
            f"the photos already have a split, of {' and '.join(table.splits)} without train; "
            "--force replaces it"
        )
    frame = pl.DataFrame({"split": table.frame["split"], "group": groups})
    # Where a kept split has a group on several sides, its new photos go to test before all.
    order = pl.Enum(["train", "val", "test"])
    of_group = pl.col("split").cast(order).max().over("group").cast(pl.String)
    return frame.select(pl.coalesce("split", of_group, pl.lit("train")).alias("split"))["split"]


def _divide(groups: pl.Series, shares: Mapping[str, float], *, seed: int) -> dict[str, str]:
    """The side of each group: the shares are filled in an order that only the seed decides."""
    counted = groups.value_counts()
    sizes = dict(zip(counted["group"], counted["count"], strict=True))
    if len(sizes) <= len(shares) and shares:
        raise PhotoTableError(
            f"{len(groups)} photos make {len(sizes)} of the groups that must stay whole (sequences "
            f"or S2 blocks), too few for {', '.join(['train', *shares])}; ask for fewer sides or "
            "add photos from elsewhere"
        )
    waiting = sorted(sizes, key=lambda group: _hash(seed, group))
    sides = dict.fromkeys(waiting, "train")
    for later, (side, share) in enumerate(shares.items(), start=1):
        taken = _fill(waiting, sizes, share * len(groups))
        # Each side still to come, and train, needs a group.
        taken = taken[: len(waiting) - (len(shares) - later + 1)]
        sides.update(dict.fromkeys(taken, side))
        waiting = [group for group in waiting if sides[group] == "train"]
    return sides


def _fill(waiting: list[str], sizes: Mapping[str, int], target: float) -> list[str]:
    """The groups, in order, that each bring the number of photos nearer to the target."""
    taken, count = [], 0
    for group in waiting:
        if count >= target:
            break
        if abs(count + sizes[group] - target) <= target - count:
            taken.append(group)
            count += sizes[group]
    return taken or [min(waiting, key=lambda group: sizes[group])]


def _hash(seed: int, group: str) -> bytes:
    return hashlib.blake2b(f"{seed} {group}".encode(), digest_size=16).digest()
