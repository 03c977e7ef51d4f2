"""`geoguess cells`: build the partition, list it, draw it, and assign photos to its cells."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.choices import CellColor
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import photos_of_split, read_photos
from geoguess_cli.console.output import Sink, ending_of
from geoguess_cli.console.verbs import configured
from geoguess_cli.names import text_of
from geoguess_cli.wording import counted, length

if TYPE_CHECKING:
    import numpy as np

    from geoguess_cli.geo.partition import Partition

BAR_WIDTH = 10

app = typer.Typer(
    no_args_is_help=True, help="Build, list and draw the S2 cells, and assign photos to them."
)


@app.command()
@configured("photos", "cells__max_photos", "cells__min_photos", "cells__max_level", "artifacts")
def build(
    *,
    output: options.Output = None,
    split: options.Split = "train",
    swap: options.Swap = None,
    config: Config,
    sink: Sink,
) -> None:
    """Split the Earth into adaptive S2 cells that hold about as many training photos each."""
    from geoguess_cli.geo.partition import build_partition, write_partition

    table = read_photos(
        config.photos, sink, columns=config.columns, places_only=True, swap=swap, stops=True
    ).table
    chosen = photos_of_split(table, split, sink)
    partition = build_partition(
        chosen.latlng,
        max_photos=config.cells.max_photos,
        min_photos=config.cells.min_photos,
        max_level=config.cells.max_level,
    )
    path = output or config.cells_path
    write_partition(partition, path)
    _warn_of_one_place(partition, sink)
    covered = int(partition.photos.sum())
    if sink.as_json:
        sink.json(
            {
                "cells": len(partition),
                "photos": len(chosen),
                "covered": covered,
                "path": text_of(path),
            }
        )
        return
    sink.table(
        ("cells", "levels", f"{split} photos", "covered", "photos a cell"),
        [
            (
                len(partition),
                f"{partition.levels.min()}–{partition.levels.max()}",
                len(chosen),
                f"{covered} ({covered / len(chosen):.1%})",
                f"{partition.photos.min()}–{partition.photos.max()}",
            )
        ],
    )
    sink.wrote("cells", path)


def _warn_of_one_place(partition: "Partition", sink: Sink) -> None:
    """Warn of cells smaller than a photo's GPS can mean, and name the smallest."""
    import numpy as np

    from geoguess_cli.geo.partition import PLACE_LEVEL

    small = int((partition.levels > PLACE_LEVEL).sum())
    if not small:
        return
    row = np.lexsort((partition.photos, partition.levels))[-1]
    wide = length(float(np.sqrt(partition.area_km2[row])))
    sink.warn(
        f"{small:,} of {counted(len(partition), 'cell')} {'is' if small == 1 else 'are'} smaller "
        "than a photo's GPS can mean, because many photos share a place: the smallest, "
        f"{partition.tokens[row]} of level {partition.levels[row]}, is {wide} wide and holds "
        f"{counted(int(partition.photos[row]), 'photo')}; `--max-level {PLACE_LEVEL}` stops at "
        "about 150 m"
    )


@app.command()
@configured("artifacts")
def show(
    *,
    near: options.Near = None,
    radius_km: Annotated[
        float,
        typer.Option("--radius-km", min=0.0, help="Radius, in km, of the circle around --near."),
    ] = 50.0,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Rows to print on a terminal; 0 for all.")
    ] = 0,
    cells: options.Cells = None,
    form: options.FormatOption = None,
    output: options.Output = None,
    config: Config,
    sink: Sink,
) -> None:
    """List the cells of the partition, those with the most photos first."""
    import numpy as np

    from geoguess_cli.console.records import chosen_format, write_records
    from geoguess_cli.geo.partition import read_partition

    partition = read_partition(cells or config.cells_path)
    rows = np.arange(len(partition)) if near is None else partition.near(np.array(near), radius_km)
    rows = rows[np.argsort(-partition.photos[rows].astype(np.int64), kind="stable")]
    listed = rows[:limit] if limit else rows
    title = f"{len(rows)} of {len(partition)} cells"
    as_table = chosen_format(form, output, as_json=sink.as_json) == "table"
    if as_table and output is None and sink.terminal_width is not None:
        _show(partition, listed, title=title, sink=sink, width=sink.terminal_width)
        return
    write_records(
        _records(partition, listed),
        sink=sink,
        form=form,
        output=output,
        title=title,
        geometries=[partition.polygons[row] for row in listed],
    )


def _show(
    partition: "Partition", rows: "np.ndarray", *, title: str, sink: Sink, width: int
) -> None:
    """Print the cells as a table on a terminal, with places instead of coordinates, and bars."""
    from rich.text import Text

    from geoguess_cli.console.text import WIDEST, colored_bars, fitted_place
    from geoguess_cli.geo.places import locate

    photos = partition.photos[rows]
    bars = colored_bars(photos.tolist(), BAR_WIDTH, top=max(1.0, float(partition.photos.max())))
    places = locate(partition.centroids[rows])
    tokens = [partition.tokens[row] for row in rows]
    areas = [_area(area) for area in partition.area_km2[rows].tolist()]
    widths = (max(5, *map(len, tokens)), 5, 6, BAR_WIDTH, max(8, *map(len, areas)))
    room = sink.room(min(width, WIDEST), widths)
    sink.table(
        ("token", "level", "photos", "", "place", "area km²"),
        [
            (Text(token, style="dim"), level, count, bar, fitted_place(place, room), area)
            for token, level, count, bar, place, area in zip(
                tokens, partition.levels[rows], photos, bars, places, areas, strict=True
            )
        ],
        title=title,
        right=("level", "photos", "area km²"),
    )


def _area(area_km2: float) -> str:
    """An area as text, without its unit."""
    if area_km2 >= 100:
        return f"{area_km2:,.0f}"
    return f"{area_km2:.2f}" if area_km2 >= 0.01 else f"{area_km2:.1e}"


def _records(partition: "Partition", rows: "np.ndarray") -> list[dict[str, object]]:
    from geoguess_cli.inference.answers import cell_records

    columns = ("token", "level", "photos", "latitude", "longitude", "area_km2", "place")
    cells = cell_records(partition)
    rounded = {
        "latitude": lambda degrees: round(degrees, 6),
        "longitude": lambda degrees: round(degrees, 6),
        # A cell may be smaller than a square metre: then it keeps four digits.
        "area_km2": lambda area: round(area, 3) if area >= 1 else float(f"{area:.4g}"),
    }
    return [
        {
            name: rounded[name](cells[row][name]) if name in rounded else cells[row][name]
            for name in columns
        }
        for row in rows.tolist()
    ]


@app.command("map")
@configured("artifacts", json=False)
def draw(
    *,
    output: options.Output = None,
    color: Annotated[
        CellColor | None,
        typer.Option(
            "--color",
            help="Value that colours the cells: training photos, S2 level, or top-1 accuracy "
            "(default: photos; with --report accuracy).",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Folder that `geoguess eval` wrote."),
    ] = None,
    theme: options.ThemeOption = "light",
    cells: options.Cells = None,
    config: Config,
    sink: Sink,
) -> None:
    """Draw the partition on a map, coloured by photos, level or accuracy.

    The ending of -o chooses the format: a figure (.png, .svg, .pdf), an interactive page that
    needs no network and has every colouring (.html), or data for other map programs (.geojson,
    .parquet).
    """
    from geoguess_cli.geo.partition import read_partition
    from geoguess_cli.maps.cell_values import every_values, read_predictions
    from geoguess_cli.maps.files import FORMATS, write_cells_map

    by = color or ("photos" if report is None else "accuracy")
    if by == "accuracy" and report is None:
        raise typer.BadParameter("--color accuracy needs a report; name its folder with --report")
    path = output or config.artifacts / "figures" / "cells.png"
    ending_of(path, FORMATS)
    partition = read_partition(cells or config.cells_path)
    predictions = None if report is None else read_predictions(report)
    write_cells_map(partition, path, every_values(partition, by, predictions), theme=theme)
    sink.wrote("map of the cells", path)


@app.command()
@configured("table", "cells__uncovered", "artifacts")
def assign(
    *, output: options.Output = None, cells: options.Cells = None, config: Config, sink: Sink
) -> None:
    """Give each photo the cell it lies in: columns `cell_index` and `token`."""
    import polars as pl

    from geoguess_cli.geo.partition import read_partition
    from geoguess_cli.photos.table import PhotoTable, write_photo_table

    partition = read_partition(cells or config.cells_path)
    photos = read_photos(config.photos, sink, columns=config.columns).table
    indices = partition.assign(photos.latlng, uncovered=config.cells.uncovered)
    path = output or config.artifacts / "photos-with-cells.parquet"
    tokens = [partition.tokens[index] if index >= 0 else None for index in indices.tolist()]
    frame = photos.frame.with_columns(
        pl.Series("cell_index", indices), pl.Series("token", tokens, dtype=pl.String)
    )
    write_photo_table(PhotoTable(frame, photos.root), path)
    assigned = int((indices >= 0).sum())
    if sink.as_json:
        sink.json({"photos": len(photos), "assigned": assigned, "path": text_of(path)})
        return
    sink.text(f"{assigned} of {len(photos)} photos lie in a cell ({assigned / len(photos):.1%})")
    sink.wrote("photos with cells", path)
