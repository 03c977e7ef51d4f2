"""What writes maps, by the ending of a file: figures, interactive pages, data for map programs."""

import json as json_module
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.choices import ColorScale
from geoguess_cli.drawing.saving import save_figure, save_pages
from geoguess_cli.files import write_text

if TYPE_CHECKING:
    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.maps.cell_values import CellValues
    from geoguess_cli.maps.probability_map import ProbabilityMap

    Values = tuple[CellValues, *tuple[CellValues, ...]]

SHOWN_PIXELS, SMALL_PIXELS = 800, 300
"""Of a photo beside its map, and of one on a sheet of many."""


@dataclass(frozen=True)
class Look:
    """How figures look: their scale of colours and their theme, by name."""

    scale: "ColorScale"
    theme: str


def _draw_map(shown: "ProbabilityMap", path: Path, look: Look) -> None:
    from geoguess_cli.drawing.theme import THEMES
    from geoguess_cli.maps.figures import probability_map_figure
    from geoguess_cli.photos.images import decode_photo

    photo = decode_photo(Path(shown.photo), at_least=SHOWN_PIXELS)
    figure = probability_map_figure(shown, photo=photo, scale=look.scale, colors=THEMES[look.theme])
    save_figure(figure, path)


def _draw_sheet(shown: "Sequence[ProbabilityMap]", path: Path, look: Look) -> list[Path]:
    """Draw a sheet, page by page: the file that each map is in."""
    from geoguess_cli.drawing.theme import THEMES
    from geoguess_cli.maps.sheet import page_sizes, probability_sheets
    from geoguess_cli.photos.images import decode_photo

    photos = [decode_photo(Path(one.photo), at_least=SMALL_PIXELS) for one in shown]
    for photo in photos:  # there may be hundreds
        photo.thumbnail((2 * SMALL_PIXELS, 2 * SMALL_PIXELS))
    pages = probability_sheets(shown, photos, scale=look.scale, colors=THEMES[look.theme])
    files = save_pages(pages, path)
    if len(files) == 1:
        return files * len(shown)
    sizes = page_sizes(len(shown))
    return [file for file, size in zip(files, sizes, strict=True) for _ in range(size)]


def _write_map_page(shown: "ProbabilityMap", path: Path, look: Look) -> None:
    _write_maps_page([shown], path, look)


def _write_maps_page(shown: "Sequence[ProbabilityMap]", path: Path, look: Look) -> list[Path]:
    """Write one page for all maps: the file that each is in."""
    from geoguess_cli.maps.interactive.map_page import map_page
    from geoguess_cli.photos.images import decode_photo

    photos = [decode_photo(Path(one.photo), at_least=SHOWN_PIXELS) for one in shown]
    write_text(map_page(shown, photos, scale=look.scale), path)
    return [path] * len(shown)


def _write_map_geojson(shown: "ProbabilityMap", path: Path, _look: Look) -> None:
    write_text(json_module.dumps(shown.to_geojson(), ensure_ascii=False), path)


def _write_map_geoparquet(shown: "ProbabilityMap", path: Path, _look: Look) -> None:
    from geoguess_cli.maps.probability_map import write_probability_map

    write_probability_map(shown, path)


MAP_WRITERS: "dict[str, Callable[[ProbabilityMap, Path, Look], None]]" = {
    ".png": _draw_map,
    ".svg": _draw_map,
    ".pdf": _draw_map,
    ".html": _write_map_page,
    ".geojson": _write_map_geojson,
    ".parquet": _write_map_geoparquet,
}
"""What writes a map, by the ending of its file."""

SHEET_WRITERS: "dict[str, Callable[[Sequence[ProbabilityMap], Path, Look], list[Path]]]" = {
    ".png": _draw_sheet,
    ".svg": _draw_sheet,
    ".pdf": _draw_sheet,
    ".html": _write_maps_page,
}
"""What writes all maps together, by the ending of the file; it tells the file of each map."""


def _draw_cells(partition: "Partition", values: "Values", path: Path, theme: str) -> None:
    from geoguess_cli.drawing.theme import THEMES
    from geoguess_cli.maps.figures import cells_map

    save_figure(cells_map(partition, values[0], colors=THEMES[theme]), path)


def _write_cells_page(partition: "Partition", values: "Values", path: Path, _theme: str) -> None:
    from geoguess_cli.maps.interactive.cells_page import cells_page

    write_text(cells_page(partition, values), path)


def _write_cells_geojson(partition: "Partition", values: "Values", path: Path, _theme: str) -> None:
    from geoguess_cli.geo.geojson import feature, feature_collection
    from geoguess_cli.maps.cell_values import cells_frame

    rows = cells_frame(partition, values[0]).to_dicts()
    cells = [feature(shape, row) for shape, row in zip(partition.polygons, rows, strict=True)]
    write_text(json_module.dumps(feature_collection(cells)), path)


def _write_cells_geoparquet(
    partition: "Partition", values: "Values", path: Path, _theme: str
) -> None:
    from geoguess_cli.geo.geoparquet import write_geoparquet
    from geoguess_cli.maps.cell_values import cells_frame

    write_geoparquet(cells_frame(partition, values[0]), partition.polygons, path)


CELL_WRITERS: "dict[str, Callable[[Partition, Values, Path, str], None]]" = {
    ".png": _draw_cells,
    ".svg": _draw_cells,
    ".pdf": _draw_cells,
    ".html": _write_cells_page,
    ".geojson": _write_cells_geojson,
    ".parquet": _write_cells_geoparquet,
}
"""What writes a map of the cells, by the ending of its file."""
