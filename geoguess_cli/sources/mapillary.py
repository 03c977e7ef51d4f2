"""Mapillary: the data set MSLS, descriptions by mapillary_tools, and records of the API."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_SIDES = ("query", "database")
_LEVELS = ("", "*/", "*/*/")
"""From a source to the sides of a city: the city, `train_val`, or the folder of both."""

_MSLS_COLUMNS = {
    "photo": "key",
    "latitude": "lat",
    "longitude": "lon",
    "id": "key",
    "captured_at": "captured_at",
    "pano": "pano",
    "compass_angle": "ca",
}
_MSLS_JOINED = {
    "seq_info.csv": {"sequence": "sequence_key", "frame_number": "frame_number"},
    "postprocessed.csv": {
        name: name for name in ("night", "control_panel", "view_direction", "unique_cluster")
    },
}
"""Columns of the tables beside `raw.csv`, by the names that they get."""

_API_COLUMNS = ("id", "captured_at", "computed_geometry")
_POINTS = ("computed_geometry", "geometry")
"""Points of the API: what Mapillary computed, else what the camera wrote."""

_DESCRIPTION = "mapillary_image_description.json"


def _sides(view: "SourceView") -> list[Path]:
    """`query` and `database` of each city of MSLS below a folder, or the folder if it is one."""
    if not view.path.is_dir():
        return []
    sides = [view.path] if view.path.name in _SIDES else []
    for level in _LEVELS:
        for name in _SIDES:
            sides += view.path.glob(level + name)
    return sorted(side for side in sides if (side / "images").is_dir())


def _read_msls(view: "SourceView", sides: Sequence[Path]) -> "Rows":
    """The photos of all sides with coordinates, with the columns `city` and `subset`.

    Raises:
        PhotoTableError: No side has coordinates, as in MSLS's test cities.
    """
    from geoguess_cli.sources.rows import joined

    known = [side for side in sides if (side / "raw.csv").is_file()]
    if not known:
        raise PhotoTableError(
            f"{view.path}: MSLS publishes no coordinates of its test cities, and "
            f"{sides[0] / 'raw.csv'} is not there; geoguess learns and judges places by "
            "coordinates: `geoguess data import train_val` reads the cities that have them"
        )
    if unknown := [side for side in sides if side not in known]:
        cities = ", ".join(sorted({side.resolve().parent.name for side in unknown}))
        view.notices.append(f"{view.path}: left out, because MSLS has no coordinates: {cities}")
    return view.located(joined([_read_side(view, side) for side in known]))


def _read_side(view: "SourceView", side: Path) -> "Rows":
    import polars as pl

    from geoguess_cli.photos.files import read_rows
    from geoguess_cli.sources.refusals import refusal

    header = view.header(side / "raw.csv")
    columns = {name: own for name, own in _MSLS_COLUMNS.items() if own in header}
    if missing := view.missing(columns):
        raise PhotoTableError(refusal(side / "raw.csv", missing, known=columns))
    folder = side.relative_to(view.path)
    rows = view.rows(
        side / "raw.csv", columns, root=view.path, prefix=(folder / "images").as_posix() + "/"
    )
    frame = rows.frame.with_columns(
        pl.col("photo") + ".jpg",
        pl.lit(side.resolve().parent.name).alias("city"),
        pl.lit(side.resolve().name).alias("subset"),
    )
    for table, wanted in _MSLS_JOINED.items():
        if (side / table).is_file():
            own = {name: own for name, own in wanted.items() if own in view.header(side / table)}
            more, _ = read_rows(side / table, columns=["key", *own.values()])
            more = more.select(
                pl.col("key").alias("id"), *(pl.col(o).alias(name) for name, o in own.items())
            )
            more = more.unique("id", keep="first")
            frame = frame.join(more, on="id", how="left", maintain_order="left")
    return replace(rows, frame=frame)


def _description(view: "SourceView") -> list[Path]:
    if view.path.is_dir():
        file = view.path / _DESCRIPTION
        return [file] if file.is_file() and not view.tables else []
    return [view.path] if view.path.name == _DESCRIPTION else []


def _read_description(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The photos that mapillary_tools described; its errors and videos are rows left out.

    Raises:
        PhotoTableError: The file is not such a description.
    """
    from geoguess_cli.photos.rows import BadRow

    (file,) = files
    records: list[dict[str, object]] = []
    bad_rows = []
    for row, item in enumerate(_items(file), start=1):
        if reason := _fault(item):
            bad_rows.append(BadRow(row, f"{item.get('filename')}: {reason}", file.name))
        else:
            records.append({**_photo(item), "@row": row})
    rows = view.rows_of(records, file=file.name, root=file.parent)
    return view.located(replace(rows, bad_rows=[*bad_rows, *rows.bad_rows]))


def _items(file: Path) -> list[Mapping[str, Any]]:
    try:
        items = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise PhotoTableError(f"{file} cannot be read: {error}") from error
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise PhotoTableError(
            f"{file} holds no list of photos; `mapillary_tools process FOLDER` writes it anew"
        )
    return items


def _fault(item: Mapping[str, Any]) -> str | None:
    """Why an entry is no photo with a place; None if it is one."""
    if isinstance(item.get("error"), dict):
        return str(item["error"].get("message") or item["error"].get("type"))
    if "MAPGPSTrack" in item or item.get("filetype") not in (None, "image"):
        return "it is a video; `mapillary_tools sample_video` makes photos of it"
    return None


def _photo(item: Mapping[str, Any]) -> dict[str, object]:
    compass = item.get("MAPCompassHeading")
    return {
        "photo": item.get("filename"),
        "latitude": item.get("MAPLatitude"),
        "longitude": item.get("MAPLongitude"),
        "sequence": item.get("MAPSequenceUUID"),
        "captured_at": _milliseconds(item.get("MAPCaptureTime")),
        "compass_angle": compass.get("TrueHeading") if isinstance(compass, dict) else None,
    }


def _milliseconds(time: object) -> int | None:
    """Epoch milliseconds of a time of mapillary_tools, such as `2018_06_08_13_24_10_000`, UTC."""
    try:
        moment = datetime.strptime(f"{time}000", "%Y_%m_%d_%H_%M_%S_%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000)


def _api_table(view: "SourceView") -> list[Path]:
    return view.table_with(_API_COLUMNS)


def _read_api(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The records of the API, each with the best point that it has."""
    import polars as pl

    (file,) = files
    columns = {name: own for name, own in view.columns(file).items() if own not in _POINTS}
    root = view.path if view.path.is_dir() else file.parent
    best, *others = (
        view.rows(file, {**columns, "point": point}, root=root, prefix="")
        for point in _POINTS
        if point in view.header(file)
    )
    for rows in others:
        more = rows.frame.filter(~pl.col("@row").is_in(best.frame["@row"].implode()))
        frame = pl.concat([best.frame, more], how="diagonal_relaxed").sort("@row")
        left = set(frame["@row"])
        bad_rows = [bad for bad in rows.bad_rows if bad.row not in left]
        best = replace(best, frame=frame, bad_rows=bad_rows)
    return view.located(best)


MSLS = Layout(
    name="msls",
    title="Mapillary Street-Level Sequences (MSLS)",
    signs="the cities of MSLS",
    recognise=_sides,
    read=_read_msls,
)
DESCRIPTION = Layout(
    name="mapillary_tools",
    title="description by mapillary_tools",
    signs="",
    recognise=_description,
    read=_read_description,
)
API = Layout(
    name="mapillary",
    title="records of the Mapillary API",
    signs="",
    recognise=_api_table,
    read=_read_api,
)
