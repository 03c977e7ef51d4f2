"""Maps as files. The ending of a file chooses its format; each format is one row of `FORMATS`.

Nothing heavy is imported before a map is written, since the command line lists the formats.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from geoguess_cli.choices import ColorScale, ThemeName
from geoguess_cli.drawing.saving import save_figure, save_pages
from geoguess_cli.errors import OutputError
from geoguess_cli.files import write_text
from geoguess_cli.names import file_of

if TYPE_CHECKING:
    from PIL import Image

    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.maps.cell_values import CellValues
    from geoguess_cli.maps.probability_map import ProbabilityMap
    from geoguess_cli.photos.archives import PhotoFile
    from geoguess_cli.sources.originals import Originals

# Least side of a decoded photo beside its map, and on a sheet of many maps.
_PHOTO_PIXELS, _SHEET_PHOTO_PIXELS = 800, 300
_NEIGHBOUR_PIXELS = 480  # longest side of a training photo in a figure


@dataclass(frozen=True)
class Look:
    """The look of a map in a figure or page.

    Attributes:
        scale: How probabilities become colours, as in `probability_norm`.
        theme: The theme of a figure, by name.
        originals: Where the training photos are that answers name. A figure shows them if it is
            given; a page lists them all the same, without their pictures.
    """

    scale: ColorScale = "root"
    theme: ThemeName = "light"
    originals: "Originals | None" = None


@dataclass(frozen=True)
class MapFormat:
    """The functions that write one format.

    Attributes:
        write: Writes one map. Without a picture it shows the file that the answer names.
        write_all: Writes several maps into one file or numbered pages, and returns the file of
            each map; None for a format that holds one map.
        write_cells: Writes the cells of a partition, coloured by the first of some values.
        check: Raises DependencyError if a library that the format needs is not installed.
    """

    write: "Callable[[ProbabilityMap, Path, Look, Image.Image | None], object]"
    write_all: "Callable[[Sequence[ProbabilityMap], Path, Look], list[Path]] | None"
    write_cells: "Callable[[Partition, Sequence[CellValues], Path, ThemeName], None]"
    check: Callable[[], None] = lambda: None


def write_map(
    map_: "ProbabilityMap",
    path: Path,
    *,
    scale: ColorScale = "root",
    theme: ThemeName = "light",
    photo: "Image.Image | None" = None,
    originals: "Originals | None" = None,
) -> None:
    """Write a probability map in the format of the path's ending.

    Args:
        map_: The map.
        path: The file; its ending is one of `FORMATS`.
        scale: How probabilities become colours, as in `probability_norm`.
        theme: The theme of a figure; a page follows its reader's.
        photo: The photo to show (default: the file that the answer names, if it is there).
        originals: Where the training photos are that the answer names.

    Raises:
        OutputError: The ending is not one of `FORMATS`.
        DependencyError: A library that the format needs is not installed.
    """
    format_of(path).write(map_, path, Look(scale, theme, originals), photo)


def write_maps(
    maps: "Iterable[ProbabilityMap]", paths: Sequence[Path], *, look: Look, together: bool = False
) -> "Iterator[tuple[Path, ProbabilityMap]]":
    """Write maps, and yield each with the file that holds it.

    Args:
        maps: The maps, in the order to write them.
        paths: The file of each photo, by the `row` of its answer; or one file for all maps.
        look: Their look.
        together: Whether all maps go into the first path, or into numbered pages beside it.
            Otherwise each map is written to its own path as soon as it comes.

    Raises:
        OutputError: The ending is not one of `FORMATS`, or the format holds one map only.
        DependencyError: A library that the format needs is not installed.
    """
    if not together:
        for map_ in maps:
            path = paths[map_.answer.row]
            format_of(path).write(map_, path, look, None)
            yield path, map_
    elif rows := list(maps):
        write_all = format_of(paths[0]).write_all
        if write_all is None:
            raise OutputError(f"{paths[0]} holds one map only; {len(rows)} maps need a folder")
        yield from zip(write_all(rows, paths[0], look), rows, strict=True)


def write_cells_map(
    partition: "Partition",
    path: Path,
    values: "Sequence[CellValues]" = (),
    *,
    theme: ThemeName = "light",
) -> None:
    """Write a map of a partition in the format of the path's ending.

    Args:
        partition: The cells.
        path: The file; its ending is one of `FORMATS`.
        values: The values that colour the cells: the first one, in a page each in turn (default:
            photos and level).
        theme: The theme of a figure; a page follows its reader's.

    Raises:
        OutputError: The ending is not one of `FORMATS`.
        DependencyError: A library that the format needs is not installed.
    """
    from geoguess_cli.maps.cell_values import level_values, photos_values

    values = values or (photos_values(partition), level_values(partition))
    format_of(path).write_cells(partition, values, path, theme)


def format_of(path: Path) -> MapFormat:
    """The format of a path, by its ending.

    Raises:
        OutputError: The ending is not one of `FORMATS`.
        DependencyError: A library that the format needs is not installed.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise OutputError(f"{path} must end in one of {', '.join(FORMATS)}")
    FORMATS[ending].check()
    return FORMATS[ending]


def map_names(photos: "Sequence[PhotoFile]", ending: str) -> list[str]:
    """The file name of each photo's map, all different: of two photos `a`, the second gets `a-2`.

    >>> map_names([Path("x/a.jpg"), Path("y/a.jpg"), Path("b.jpg")], ".png")
    ['a.png', 'a-2.png', 'b.png']
    """
    taken: set[str] = set()
    names = []
    for photo in photos:
        numbered = (f"{photo.stem}-{again}" for again in count(2))
        name = next(one for one in chain([photo.stem], numbered) if one.lower() not in taken)
        taken.add(name.lower())
        names.append(f"{name}{ending}")
    return names


def _photo(map_: "ProbabilityMap") -> "Image.Image | None":
    """The photo that the answer names, if it is a file."""
    from geoguess_cli.photos.decoder import decode_photo
    from geoguess_cli.sources.packed import photo_at

    file = photo_at(file_of(Path(map_.answer.photo)))
    return None if file is None else decode_photo(file, at_least=_PHOTO_PIXELS, max_pixels=None)


def _draw_map(map_: "ProbabilityMap", path: Path, look: Look, photo: "Image.Image | None") -> None:
    from geoguess_cli.drawing.theme import THEMES
    from geoguess_cli.maps.figures import probability_map_figure
    from geoguess_cli.maps.neighbours import shown_neighbours

    where = look.originals
    shown = shown_neighbours(map_.answer, where, side=_NEIGHBOUR_PIXELS) if where else []
    figure = probability_map_figure(
        map_,
        photo=photo or _photo(map_),
        scale=look.scale,
        colors=THEMES[look.theme],
        neighbours=shown,
    )
    save_figure(figure, path)


def _draw_sheet(maps: "Sequence[ProbabilityMap]", path: Path, look: Look) -> list[Path]:
    from geoguess_cli.drawing.theme import THEMES
    from geoguess_cli.maps.sheet import page_sizes, probability_sheets
    from geoguess_cli.photos.decoder import decode_photo
    from geoguess_cli.sources.packed import photo_at

    files = [file_of(Path(map_.answer.photo)) for map_ in maps]
    photos = [
        decode_photo(photo_at(file) or file, at_least=_SHEET_PHOTO_PIXELS, max_pixels=None)
        for file in files
    ]
    for photo in photos:  # there may be hundreds
        photo.thumbnail((2 * _SHEET_PHOTO_PIXELS, 2 * _SHEET_PHOTO_PIXELS))
    pages = probability_sheets(maps, photos, scale=look.scale, colors=THEMES[look.theme])
    files = save_pages(pages, path)
    if len(files) == 1:
        return files * len(maps)
    sizes = page_sizes(len(maps))
    return [file for file, size in zip(files, sizes, strict=True) for _ in range(size)]


def _draw_cells(
    partition: "Partition", values: "Sequence[CellValues]", path: Path, theme: ThemeName
) -> None:
    from geoguess_cli.drawing.theme import THEMES
    from geoguess_cli.maps.figures import cells_map

    save_figure(cells_map(partition, values[0], colors=THEMES[theme]), path)


def _check_page() -> None:
    from geoguess_cli.maps.interactive import require_bokeh

    require_bokeh()


def _write_page(
    maps: "Sequence[ProbabilityMap]", path: Path, look: Look, photo: "Image.Image | None" = None
) -> list[Path]:
    from geoguess_cli.maps.interactive.map_page import map_page

    photos = [photo] if photo else [_photo(map_) for map_ in maps]
    write_text(map_page(maps, photos, scale=look.scale, originals=look.originals), path)
    return [path] * len(maps)


def _write_cells_page(
    partition: "Partition", values: "Sequence[CellValues]", path: Path, _theme: ThemeName
) -> None:
    from geoguess_cli.maps.interactive.cells_page import cells_page

    write_text(cells_page(partition, values), path)


def _write_geojson(map_: "ProbabilityMap", path: Path, *_: object) -> None:
    from geoguess_cli.maps.records import map_geojson

    write_text(json.dumps(map_geojson(map_), ensure_ascii=False), path)


def _write_cells_geojson(
    partition: "Partition", values: "Sequence[CellValues]", path: Path, _theme: ThemeName
) -> None:
    from geoguess_cli.geo.geojson import feature, feature_collection
    from geoguess_cli.maps.cell_values import cells_frame

    rows = cells_frame(partition, values[0]).to_dicts()
    cells = [feature(shape, row) for shape, row in zip(partition.polygons, rows, strict=True)]
    write_text(json.dumps(feature_collection(cells)), path)


def _write_geoparquet(map_: "ProbabilityMap", path: Path, *_: object) -> None:
    from geoguess_cli.maps.records import write_map_geoparquet

    write_map_geoparquet(map_, path)


def _write_cells_geoparquet(
    partition: "Partition", values: "Sequence[CellValues]", path: Path, _theme: ThemeName
) -> None:
    from geoguess_cli.geo.geoparquet import write_geoparquet
    from geoguess_cli.maps.cell_values import cells_frame

    write_geoparquet(cells_frame(partition, values[0]), partition.polygons, path)


_FIGURE = MapFormat(_draw_map, _draw_sheet, _draw_cells)
FORMATS = {
    ".png": _FIGURE,
    ".svg": _FIGURE,
    ".pdf": _FIGURE,
    ".html": MapFormat(
        lambda map_, *rest: _write_page([map_], *rest), _write_page, _write_cells_page, _check_page
    ),
    ".geojson": MapFormat(_write_geojson, None, _write_cells_geojson),
    ".parquet": MapFormat(_write_geoparquet, None, _write_cells_geoparquet),
}
"""The formats of maps, by the ending of the file."""

if TYPE_CHECKING:
    FormatName = str
else:
    FormatName = Literal[tuple(ending[1:] for ending in FORMATS)]
