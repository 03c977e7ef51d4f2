"""Which photos below a folder a table means by a bare name."""

from collections.abc import Sequence

import polars as pl

from geoguess_cli.names import text_of
from geoguess_cli.photos.kinds import PHOTO_SUFFIXES
from geoguess_cli.photos.rows import reject
from geoguess_cli.sources.folder import FolderPhotos
from geoguess_cli.sources.rows import Located

_NEWER = (".heic", ".heif", ".hif", ".avif")
"""Endings of kinds that not every installation reads."""

_SUFFIX = rf"(?i)({'|'.join(suffix.replace('.', '[.]') for suffix in PHOTO_SUFFIXES)})$"


def locate_photos(frame: pl.DataFrame, photos: FolderPhotos) -> Located:
    """The rows of a table whose photo is below a folder.

    A name that is a path from the folder stands for that photo. Any other name stands for the photo
    with the same stem in any subfolder, because downloads differ in their folders; else, or if two
    photos have that stem, for the one whose path ends as the name does, with `/` and `_` alike:
    some downloads flatten `34/8d/1.jpg` to `34_8d_1.jpg`, and some have another top folder than
    the table says. If there are still two, the row is ambiguous and left out.

    Args:
        frame: Checked rows; their `photo` is an id, a file name or a path.
        photos: The photos below the folder to search.
    """
    names = [text_of(photo) for photo in photos.photos]
    paths = pl.Series("@path", names, dtype=pl.String)
    stems = pl.DataFrame({"@path": _preferred(names)}, schema={"@path": pl.String})
    stems = stems.group_by(_stem("@path").alias("@stem")).agg(
        pl.col("@path").min(), pl.len().alias("@matches")
    )
    frame = frame.with_columns(_stem("photo").alias("@stem"))
    frame = frame.join(stems, on="@stem", how="left", maintain_order="left")
    as_given = pl.col("photo").is_in(paths.implode()) | _is_absolute("photo")
    frame = frame.with_columns(
        pl.when(as_given).then("photo").otherwise("@path").alias("@path"),
        pl.when(as_given).then(1).otherwise("@matches").alias("@matches"),
    )
    frame = _with_ends(frame, pl.Series("@path", _preferred(names), dtype=pl.String))
    reason = pl.format(
        "{} photos below {} are called '{}'", "@matches", pl.lit(text_of(photos.folder)), "@stem"
    )
    frame, ambiguous = reject(frame, pl.when(pl.col("@matches") > 1).then(reason))
    found = frame["@path"].is_not_null()
    others = frame.filter(~found).drop("@stem", "@path", "@matches")
    frame = frame.filter(found).with_columns(pl.col("@path").alias("photo"))
    return Located(frame.drop("@stem", "@path", "@matches"), ambiguous, others)


def _with_ends(frame: pl.DataFrame, paths: pl.Series) -> pl.DataFrame:
    """The rows, those without one photo matched with the photo whose path ends as their name does.

    The whole name is tried first, then its end without the first folder, and so on; the last two
    parts are the shortest end.

    Args:
        frame: Rows with `@path` and `@matches`, the number of photos that their name may mean.
        paths: The photos below the folder.
    """
    frame = frame.with_row_index("@at")
    # A name of one part without `_` is a stem, which has been looked for.
    more = pl.col("photo").str.replace(_SUFFIX, "").str.contains("[/_]")
    unclear = frame.filter((pl.col("@matches").fill_null(0) != 1) & more)
    if unclear.is_empty() or paths.is_empty():
        return frame.drop("@at")
    names = unclear.select("@at", _parts(pl.col("photo")).alias("@parts"))
    ends = [
        names.filter((pl.col("@parts").list.len() >= drop + 2) | (drop == 0)).select(
            "@at", pl.lit(drop).alias("@drop"), _flat(pl.col("@parts").list.slice(drop))
        )
        for drop in range(_longest(names["@parts"]))
    ]
    wanted = pl.concat(ends)
    parts = pl.DataFrame({"@found": paths}).with_columns(_parts(pl.col("@found")).alias("@parts"))
    tails = [
        parts.select("@found", _flat(pl.col("@parts").list.tail(depth))).filter(
            pl.col("@end").is_in(wanted["@end"].implode())
        )
        for depth in range(1, _longest(parts["@parts"]) + 1)
    ]
    matches = (
        pl.concat(tails)
        .unique()
        .group_by("@end")
        .agg(pl.col("@found").min(), pl.len().alias("@count"))
    )
    best = wanted.join(matches, on="@end").sort(pl.col("@count") != 1, "@drop")
    best = best.unique("@at", keep="first", maintain_order=True).drop("@end", "@drop")
    frame = frame.join(best, on="@at", how="left", maintain_order="left")
    return frame.with_columns(
        pl.coalesce("@found", "@path").alias("@path"),
        pl.coalesce("@count", "@matches").alias("@matches"),
    ).drop("@at", "@found", "@count")


def _parts(path: pl.Expr) -> pl.Expr:
    return path.str.replace(_SUFFIX, "").str.split("/")


def _flat(parts: pl.Expr) -> pl.Expr:
    return parts.list.join("_").alias("@end")


def _longest(parts: pl.Series) -> int:
    return int(parts.list.len().to_numpy().max())


def _preferred(photos: Sequence[str]) -> list[str]:
    """The photos without those of which another kind with the same name lies beside.

    A phone or an editor leaves `IMG_1.HEIC` beside `IMG_1.jpg`; every installation reads the JPEG.
    """
    bases = {photo.rpartition(".")[0] for photo in photos if not photo.lower().endswith(_NEWER)}
    return [
        photo
        for photo in photos
        if not photo.lower().endswith(_NEWER) or photo.rpartition(".")[0] not in bases
    ]


def _stem(column: str) -> pl.Expr:
    name = pl.col(column).str.split("/").list.last()
    return name.str.replace(_SUFFIX, "").str.normalize("NFC")


def _is_absolute(column: str) -> pl.Expr:
    return pl.col(column).str.contains(r"^(/|[A-Za-z]:/)")
