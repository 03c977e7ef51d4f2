"""The columns of a photo table, and the names that tables of other makes give them."""

import re
from collections.abc import Mapping, Sequence

SPLITS = ("train", "val", "test")

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}

REQUIRED_COLUMNS = ("photo", "latitude", "longitude")

PLACE_COLUMNS = (*REQUIRED_COLUMNS, "point", "split", "country", "region")
"""What there is to read of a table of which only the places are wanted."""

TEXT_COLUMNS = ("id", "split", "sequence", "creator", "license", "country", "region")
"""The optional columns of a photo table that are text, even where the values look like numbers."""

ARCHIVE_COLUMNS = ("archive", "offset", "length", "compression")
"""The columns that say where a photo lies in a zip or tar; they count only if all four are there.

The path of the archive, the position of the photo's first byte in it, its bytes there, and `stored`
or `deflated`. All are empty for a photo that is a file of its own.
"""

PHOTO_COLUMNS = ("photo", "path", "file_name", "filename", "image", "IMG_ID", "id")

COLUMNS = {
    "photo": PHOTO_COLUMNS,
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "id": ("id", "IMG_ID"),
    "split": ("split",),
    "sequence": ("sequence",),
    "creator": ("creator", "creator_username", "author"),
    "license": ("license", "licence"),
    "captured_at": ("captured_at",),
    "country": ("country",),
    "region": ("region",),
}
"""The columns of a photo table in its order, each with its usual names, preferred first.

Names that a header has exactly as written here go before names that it has in other letter case.
"""

_PLACES = ("location", "geoData", "gps", "position", "coordinates", "coords", "geo")
"""Objects of JSON that hold a latitude and a longitude."""

OTHER_NAMES = {
    "photo": (
        *("filepath", "file_path", "image_path", "img_path", "photo_path", "SourceFile"),
        *("file", "image_file", "IMG_FILE", "image_id", "photo_id", "key", "uuid"),
    ),
    "latitude": (
        *("gps_lat", "gps_latitude", "GPSLatitude", "Composite:GPSLatitude", "MAPLatitude"),
        *("photo_location_latitude", "location_latitude", "latitude_deg"),
        *(f"{place}.{name}" for place in _PLACES for name in ("latitude", "lat")),
    ),
    "longitude": (
        *("gps_lon", "gps_lng", "gps_long", "gps_longitude", "GPSLongitude"),
        *("Composite:GPSLongitude", "MAPLongitude"),
        *("photo_location_longitude", "location_longitude", "longitude_deg"),
        *(f"{place}.{name}" for place in _PLACES for name in ("longitude", "lon", "lng")),
    ),
    "sequence": ("sequence_id", "sequence_key", "sequence_uuid", "MAPSequenceUUID"),
    "creator": (
        *("photographer_username", "photographer", "creator_name", "author_name"),
        "creator.username",
    ),
    "captured_at": (
        *("datetime_local", "DateTimeOriginal", "MAPCaptureTime", "capture_time", "date_taken"),
    ),
    "country": ("country_code", "country_iso_alpha2", "country_name", "photo_location_country"),
    "region": ("subdivision", "region_name", "admin1", "state_name"),
}
"""Further names of columns, taken only where a table has none of the usual ones.

`x`, `y`, `name`, `url`, `state` and `timestamp` are not among them: they mean other things too.
"""

POINT_NAMES = ("geometry", "computed_geometry", "geom", "the_geom", "wkt", "point")
"""Columns of points; they count where a table has no latitude or no longitude."""

CHOSEN = (*COLUMNS, "point")
"""The columns that a user can name: those of a photo table, and one of points for both degrees."""

BARE_IDS = ("image", "img_id", "id", "img_file", "image_id", "photo_id", "key", "uuid")
"""Columns, in lower case, that identify a photo without saying in which folder it is."""


def known_columns(
    header: Sequence[str],
    *,
    photo: Sequence[str] = PHOTO_COLUMNS,
    other: Mapping[str, Sequence[str]] = OTHER_NAMES,
    chosen: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The table's own name of each column of the photo table that it has.

    Args:
        header: The column names of a table.
        photo: The names that the column with the photo's path may have, preferred first; if given,
            there are no others.
        other: Further names of each column, for a table with none of the usual ones.
        chosen: The user's own names by column; they go before all others.

    Returns:
        The names by column; `point` stands for latitude and longitude where they are in one column.

    >>> known_columns(["file_name", "LAT", "lat", "lon", "note"])
    {'photo': 'file_name', 'latitude': 'lat', 'longitude': 'lon'}
    >>> known_columns(["SourceFile", "GPSLatitude", "GPSLongitude"])
    {'photo': 'SourceFile', 'latitude': 'GPSLatitude', 'longitude': 'GPSLongitude'}
    """
    columns = dict(chosen or {})
    for column, names in {**COLUMNS, "photo": photo}.items():
        further = () if column == "photo" and photo != PHOTO_COLUMNS else other.get(column, ())
        if column in columns:
            continue
        own = _named(header, names) or _named(header, further)
        if own is not None:
            columns[column] = own
    # A photo that is named by its key keeps the key, although its path is found by it.
    name = columns.get("photo", "")
    if "id" not in columns and name.lower() in BARE_IDS and _named([name], photo) is None:
        columns["id"] = name
    if "point" not in columns and not {"latitude", "longitude"} <= columns.keys():
        point = _named(header, POINT_NAMES)
        columns |= {} if point is None else {"point": point}
    if "point" in columns:
        columns = {k: v for k, v in columns.items() if k not in ("latitude", "longitude")}
    return {column: columns[column] for column in CHOSEN if column in columns}


def unusual_names(columns: Mapping[str, str]) -> dict[str, str]:
    """Those of the known columns of a table that go by one of `OTHER_NAMES`.

    Args:
        columns: The table's own name of each column, by the column's name in a photo table.

    >>> unusual_names({"photo": "path", "latitude": "gps_lat"})
    {'latitude': 'gps_lat'}
    """
    further = {
        column: {name.lower() for name in names} - {name.lower() for name in COLUMNS[column]}
        for column, names in OTHER_NAMES.items()
    }
    return {
        column: name
        for column, name in columns.items()
        if name.strip().lower() in further.get(column, ())
    }


def _named(header: Sequence[str], names: Sequence[str]) -> str | None:
    """The column of a header with the first of these names: as written, else in any case."""
    in_lower_case = {name.strip().lower(): name for name in reversed(header)}
    exact = [name for name in names if name in header]
    folded = [in_lower_case[name.lower()] for name in names if name.lower() in in_lower_case]
    return next(iter([*exact, *folded]), None)


def has_archives(columns: Sequence[str]) -> bool:
    """Whether a table with these columns can hold photos in archives."""
    return set(ARCHIVE_COLUMNS) <= set(columns)


def split_name(text: str) -> str | None:
    """`train`, `val` or `test` for a name such as `validation`; None for any other name.

    >>> split_name("Validation"), split_name("photos")
    ('val', None)
    """
    return SPLIT_NAMES.get(text.strip().lower())


PATH_SPLITS = {**SPLIT_NAMES, "eval": "test", "evaluation": "test"}
"""The split that each word of a path means, as Hugging Face's `datasets` reads it."""

_BREAK = "[-._ 0-9/]"
SPLIT_WORD = f"(?i)(?:^|{_BREAK})({'|'.join(sorted(PATH_SPLITS, key=len, reverse=True))}){_BREAK}"
"""A split's name as a word of a path; `datasets` takes these characters as the ends of a word."""


def split_of_path(path: str) -> str | None:
    """The split that a path names as Hugging Face's `datasets` reads it; None if it names none.

    >>> split_of_path("data/train-00000-of-00012.parquet"), split_of_path("validation/0000.parquet")
    ('train', 'val')
    >>> split_of_path("trains/0000.parquet")
    """
    match = re.search(SPLIT_WORD, path)
    return None if match is None else PATH_SPLITS[match[1].lower()]
