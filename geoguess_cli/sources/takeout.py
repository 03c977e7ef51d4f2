"""Google Takeout: photos with a JSON file beside each, which holds its place.

Google names the file `IMG.jpg.supplemental-metadata.json`, in older exports `IMG.jpg.json`. It cuts
the name before `.json` to 46 characters, and puts the number of `IMG(1).jpg` at the end:
`IMG.jpg.supplemental-metadata(1).json`. An edited `IMG-edited.jpg` has no file of its own.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from geoguess_cli.errors import PhotoError
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_ENDING = ".supplemental-metadata"
_LONGEST = 46
"""Characters of a name before `.json`; Google cuts what is beyond."""

_NUMBER = re.compile(r"\(\d+\)$")
_EDITED = re.compile(r"-[^\W\d_]+$")
"""`-edited`, which Google translates into the language of the account."""

_Stems = dict[str, set[str]]
"""Names of JSON files without their number and `.json`, by the number, such as `(1)`."""


def _photos(view: "SourceView") -> Sequence[Path]:
    """Every photo of a folder, if any of them has a sidecar that Google wrote."""
    if not view.path.is_dir():
        return []
    return view.photos if any(_content(file) for file in _sidecars(view.photos) if file) else []


def _read(view: "SourceView", photos: Sequence[Path]) -> "Rows":
    """The photos with the place of their sidecar, else with the place in their own metadata."""
    from geoguess_cli.photos.rows import BadRow

    records: list[dict[str, object]] = []
    bad_rows = []
    sidecars = list(_sidecars(photos))
    for row, (photo, sidecar) in enumerate(zip(photos, sidecars, strict=True), start=1):
        name = photo.relative_to(view.path).as_posix()
        content = {} if sidecar is None else _content(sidecar)
        try:
            place = _place(content) or _own_place(photo)
        except PhotoError as error:
            bad_rows.append(BadRow(row, str(error), view.path.name))
            continue
        if place is None:
            bad_rows.append(BadRow(row, f"'{name}' has {_nowhere(sidecar)}", view.path.name))
            continue
        record = {"photo": name, "latitude": place[0], "longitude": place[1], "@row": row}
        records.append({**record, "captured_at": _taken_at(content)})
    rows = view.rows_of(records, file=view.path.name, root=view.path)
    missing = list(_photos_left_behind(view.path, {file for file in sidecars if file}))
    bad_rows = [*bad_rows, *rows.bad_rows]
    return replace(rows, bad_rows=bad_rows, missing=missing, located=True)


def _sidecars(photos: Sequence[Path]) -> Iterator[Path | None]:
    """The sidecar of each photo; None for a photo without one."""
    folders: dict[Path, _Stems] = {}
    for photo in photos:
        if photo.parent not in folders:
            folders[photo.parent] = _stems_in(photo.parent)
        stems = folders[photo.parent]
        name = _sidecar_name(photo.name, stems) if stems[""] else None
        yield None if name is None else photo.parent / name


def _stems_in(folder: Path) -> _Stems:
    stems: _Stems = {"": set()}
    for file in folder.iterdir():
        if file.suffix == ".json":
            stems[""].add(file.stem)
            if number := _NUMBER.search(file.stem):
                stems.setdefault(number[0], set()).add(file.stem.removesuffix(number[0]))
    return stems


def _sidecar_name(photo: str, stems: Mapping[str, set[str]]) -> str | None:
    """The name of a photo's sidecar; None if it has none.

    Args:
        photo: The name of the photo.
        stems: The JSON files beside it.

    >>> _sidecar_name("IMG(1).jpg", {"": {"IMG.jpg.suppl"}, "(1)": {"IMG.jpg.suppl"}})
    'IMG.jpg.suppl(1).json'
    >>> _sidecar_name("IMG-edited.jpg", {"": {"IMG.jpg"}})
    'IMG.jpg.json'
    """
    path = PurePosixPath(photo)
    number = _NUMBER.search(path.stem)
    end = "" if number is None else number[0]
    plain = path.stem.removesuffix(end)
    tries = [(plain, end), (path.stem, ""), (_EDITED.sub("", plain), end)]
    for stem, count in tries:
        for name in _possible_stems(stem, path.suffix):
            if name in stems.get(count, ()):
                return f"{name}{count}.json"
    return None


def _possible_stems(stem: str, suffix: str) -> list[str]:
    """What a sidecar's name may be before its number and `.json`, the fullest name first."""
    full = stem + suffix + _ENDING
    shortest = min(len(stem + suffix), _LONGEST)
    return [full[:length] for length in range(len(full), shortest - 1, -1)]


def _content(sidecar: Path) -> dict[str, Any]:
    """What a sidecar holds; empty if Google did not write it."""
    try:
        content = json.loads(sidecar.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) and "photoTakenTime" in content else {}


def _place(content: Mapping[str, Any]) -> tuple[float, float] | None:
    """Latitude and longitude that Google has, else those of the camera; 0,0 means none."""
    for key in ("geoData", "geoDataExif"):
        place = content.get(key) or {}
        degrees = [place.get(axis) for axis in ("latitude", "longitude")]
        latitude, longitude = (x if isinstance(x, int | float) else None for x in degrees)
        if latitude is not None and longitude is not None and (latitude or longitude):
            return float(latitude), float(longitude)
    return None


def _own_place(photo: Path) -> tuple[float, float] | None:
    from geoguess_cli.photos.position import read_position

    return read_position(photo)


def _taken_at(content: Mapping[str, Any]) -> int | None:
    """Epoch milliseconds at which the photo was taken."""
    try:
        return int(content["photoTakenTime"]["timestamp"]) * 1000
    except (KeyError, TypeError, ValueError):
        return None


def _nowhere(sidecar: Path | None) -> str:
    if sidecar is not None:
        return f"no position, neither in {sidecar.name} nor of its own"
    return (
        "no JSON file beside it and no position of its own; "
        "unpack all parts of the export into one folder"
    )


def _photos_left_behind(folder: Path, used: set[Path]) -> Iterator[str]:
    """The names of photos whose sidecar is there without them."""
    from geoguess_cli.photos.kinds import PHOTO_SUFFIXES

    for file in sorted(folder.rglob("*.json")):
        if file not in used:
            title = str(_content(file).get("title", ""))
            if title.lower().endswith(PHOTO_SUFFIXES):
                yield (file.parent / title).relative_to(folder).as_posix()


FOLDER = Layout(
    name="takeout",
    title="Google Takeout",
    signs="photos with the JSON files of Google Takeout",
    recognise=_photos,
    read=_read,
)
