"""Train, val and test with no leak: photos that belong together stay on one side.

Photos of one drive look alike, so a model that trained on some of them has half seen the others. A
group — a sequence, a photographer, an S2 block — is therefore never divided, and a buffer keeps
training photos away from the places of val and test.
"""

import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from jaxtyping import Int, UInt64

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.geo.cells import MAX_LEVEL, cell_parent, cell_to_token, latlng_to_cell
from geoguess_cli.photos.neighbors import MAX_REACH_KM, within_km
from geoguess_cli.photos.table import PhotoTable

GROUPINGS = ("sequence", "creator", "cell", "random")
"""What may stay whole: drives, photographers, S2 blocks, or nothing but the single photo."""

BLOCK_LEVEL = 10
"""S2 level of a block: some 8 to 10 km wide."""

_REGION_BUFFERS = 4
"""At least how many buffers wide the regions are in which groups change sides together. Of 100,000
real coordinates in drives of 6, a buffer of 1 km sets 8 % aside (29 % where each drive goes alone),
one of 5 km 11 % (47 %). Wider regions save more, but leave whole cells without training photos."""

_FACE_KM = 7842.0  # average width of a cell of level 0; halves with each level (s2geometry.io)


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

    No group gets two sides. A split that the table has is kept: only the sides that it lacks are
    carved out of `train`, and photos without a side join their group's, else `train`. The answer
    depends on the seed and on the photos, not on the order of the rows.

    With a buffer, the training photos within it of a val or test photo are set aside: they keep
    their row, and `set_aside` lists them. Training gives way because it is the greatest side and so
    loses the least of itself, because val and test keep the shares asked for and stay a fair sample
    of the places, and because nobody may change a test set that came with the photos. To lose few,
    groups of one neighbourhood go to the same side (of `random`, every photo goes alone).

    Args:
        table: The photos.
        by: What stays whole, one of `GROUPINGS`; None for `sequence` where any photo has one, else
            `cell`.
        val: Share of val, of the photos that are divided: all, or the `train` of a kept split.
        test: Share of test, of the same.
        buffer_km: Great-circle distance from val and test within which nothing is trained on, 0 to
            10,000 km; 0 is no buffer.
        seed: Another seed is another split.
        level: S2 level of the blocks, 0-30.
        force: Drop the split that the table has.

    Raises:
        PhotoTableError: Shares that leave nothing to train on, too few groups for the sides asked,
            no column to group by, a buffer out of range or with no training photo beyond it, or a
            kept split without `train`.
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
        chosen = _divide(ordered, shares)
        new = divided.join(chosen, on="group", how="left")
        rows = pl.DataFrame({"split": sides}).with_row_index("row")
        sides = rows.update(new.select("row", "split"), on="row")["split"]
    if buffer_km > 0:
        sides = _with_buffer(table, sides, buffer_km)
    return dataclasses.replace(table, frame=table.frame.with_columns(sides.alias("split")))


def set_aside(table: PhotoTable) -> Int[np.ndarray, " n"]:
    """The rows of a divided table that are on no side, as a buffer leaves them, in order."""
    if "split" not in table.frame.columns:
        return np.arange(len(table))
    return np.flatnonzero(table.frame["split"].is_null().to_numpy())


def photo_groups(
    table: PhotoTable, *, by: str | None = None, level: int = BLOCK_LEVEL
) -> pl.Series:
    """The name of each photo's group: its sequence, its creator, its S2 block, or itself.

    A photo without a creator goes with its sequence; one without either is a group by itself.

    Args:
        table: The photos.
        by: One of `GROUPINGS`; None for `sequence` where any photo has one, else `cell`.
        level: S2 level of a block, 0-30.

    Raises:
        PhotoTableError: No such grouping, or no photo has a value in its column.
    """
    if by is None:
        by = "sequence" if table.has("sequence") else "cell"
    if by not in GROUPINGS:
        raise PhotoTableError(f"photos are divided by {', '.join(GROUPINGS)}, not by `{by}`")
    if by == "cell":
        cells, block = np.unique(latlng_to_cell(table.latlng, level), return_inverse=True)
        names = pl.Series([f"block {token}" for token in cell_to_token(cells)], dtype=pl.String)
        return names.gather(block).alias("group")
    columns = {"sequence": ("sequence",), "creator": ("creator", "sequence"), "random": ()}[by]
    if columns and not table.has(columns[0]):
        raise PhotoTableError(
            f"no photo has a `{by}`, so photos cannot be divided by it; divide them by cell"
        )
    known = [pl.format(f"{name} {{}}", name) for name in columns if table.has(name)]
    alone = pl.format("photo {}", "photo")
    return table.frame.select(pl.coalesce(*known, alone).alias("group"))["group"]


def _check(val: float, test: float, buffer_km: float) -> None:
    if min(val, test) < 0 or val + test >= 1:
        raise PhotoTableError(
            f"shares of {val:g} for val and {test:g} for test must be 0 or more and leave some "
            "photos to train on"
        )
    if not 0 <= buffer_km <= MAX_REACH_KM:
        raise PhotoTableError(
            f"the buffer is {buffer_km:g} km; it must lie in [0, {MAX_REACH_KM:g}]"
        )


def _kept_sides(table: PhotoTable, groups: pl.Series, *, force: bool) -> pl.Series:
    """The side that each photo already has, `train` where it has none."""
    if force or not table.has("split"):
        return pl.repeat("train", len(table), dtype=pl.String, eager=True)
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


def _in_turn(
    groups: pl.Series, latlng: np.ndarray, *, seed: int, region_level: int | None
) -> pl.DataFrame:
    """The groups with their numbers of photos, in an order that the seed and the photos decide.

    With a region level, groups of one region follow each other along S2's curve, so that a side
    that ends among them has a short border there.
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
    """A number for each name that only the seed and the name decide."""
    digests = (hashlib.blake2b(f"{seed} {name}".encode(), digest_size=16) for name in names)
    turns = (int.from_bytes(digest.digest()[:8]) for digest in digests)
    return np.fromiter(turns, dtype=np.uint64, count=len(names))


def _check_groups(ordered: pl.DataFrame, shares: Mapping[str, float]) -> None:
    if len(ordered) <= len(shares):
        raise PhotoTableError(
            f"{ordered['photos'].sum()} photos make {len(ordered)} of the groups that must stay "
            f"whole (sequences, creators or S2 blocks), too few for "
            f"{', '.join(['train', *shares])}; ask for fewer sides or add photos from elsewhere"
        )


def _divide(ordered: pl.DataFrame, shares: Mapping[str, float]) -> pl.DataFrame:
    """The side of each group: the shares are filled in order, the rest is train."""
    sizes = ordered["photos"].to_list()
    sides = ["train"] * len(sizes)
    waiting = list(range(len(sizes)))
    for later, (side, share) in enumerate(shares.items(), start=1):
        taken = _fill(waiting, sizes, share * sum(sizes))
        # Each side still to come, and train, needs a group.
        for group in taken[: len(waiting) - (len(shares) - later + 1)]:
            sides[group] = side
        waiting = [group for group in waiting if sides[group] == "train"]
    return ordered.select("group", pl.Series("split", sides, dtype=pl.String))


def _fill(waiting: list[int], sizes: Sequence[int], target: float) -> list[int]:
    """The groups, in order, that fit under the target, and one more if it comes nearer with it."""
    taken, passed, count = [], [], 0
    for group in waiting:
        if count + sizes[group] <= target:
            taken.append(group)
            count += sizes[group]
        else:
            passed.append(group)
    smallest = min(passed, key=lambda group: sizes[group], default=None)
    if smallest is not None and count + sizes[smallest] - target < target - count:
        taken.append(smallest)
    return taken or [min(waiting, key=lambda group: sizes[group])]


def _region_level(buffer_km: float) -> int:
    """The level of the smallest cells that are many buffers wide."""
    halvings = math.log2(_FACE_KM / (_REGION_BUFFERS * buffer_km))
    return min(max(math.floor(halvings), 0), MAX_LEVEL)


def _with_buffer(table: PhotoTable, sides: pl.Series, buffer_km: float) -> pl.Series:
    """The sides without those of the training photos that lie too near to another side."""
    train = (sides == "train").to_numpy()
    near = within_km(table.latlng[train], table.latlng[~train], buffer_km)
    if near.all():
        raise PhotoTableError(
            f"every training photo lies within {buffer_km:g} km of a val or test photo; choose a "
            "smaller buffer (0 is none)"
        )
    empty = np.zeros(len(sides), dtype=bool)
    empty[np.flatnonzero(train)[near]] = True
    return pl.select(pl.when(pl.Series(~empty)).then(sides).alias("split"))["split"]
