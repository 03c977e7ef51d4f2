"""The columns of a photo table, and the names that tables of other makes give them."""

from collections.abc import Sequence

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

TEXT_COLUMNS = ("id", "split", "sequence", "creator", "country", "region")
"""The optional columns of a photo table that are text, even where the values look like numbers."""

PHOTO_COLUMNS = ("photo", "path", "file_name", "filename", "image", "IMG_ID", "id")

COLUMNS = {
    "photo": PHOTO_COLUMNS,
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "id": ("id", "IMG_ID"),
    "split": ("split",),
    "sequence": ("sequence",),
    "creator": ("creator", "creator_username", "author"),
    "captured_at": ("captured_at",),
    "country": ("country",),
    "region": ("region",),
}
"""The columns of a photo table in its order, each with its names in other tables, preferred first.

Names that a header has exactly as written here go before names that it has in other letter case.
"""


def known_columns(header: Sequence[str], *, photo: Sequence[str] = PHOTO_COLUMNS) -> dict[str, str]:
    """The table's own name of each column of the photo table that it has.

    Args:
        header: The column names of a table.
        photo: The names that the column with the photo's path may have, preferred first.

    >>> known_columns(["file_name", "LAT", "lat", "lon", "note"])
    {'photo': 'file_name', 'latitude': 'lat', 'longitude': 'lon'}
    """
    in_lower_case = {name.strip().lower(): name for name in reversed(header)}
    columns = {}
    for column, names in {**COLUMNS, "photo": photo}.items():
        exact = [name for name in names if name in header]
        folded = [in_lower_case[name.lower()] for name in names if name.lower() in in_lower_case]
        for name in [*exact, *folded][:1]:
            columns[column] = name
    return columns


def split_name(text: str) -> str | None:
    """`train`, `val` or `test` for a name such as `validation`; None for any other name.

    >>> split_name("Validation"), split_name("photos")
    ('val', None)
    """
    return SPLIT_NAMES.get(text.strip().lower())
