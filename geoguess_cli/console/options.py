"""Every option that more than one verb takes, spelled once."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geoguess_cli import choices


def coordinates(text: str) -> tuple[float, float]:
    """The latitude and longitude, in degrees, of `LAT,LON`."""
    parts = text.replace(",", " ").split()
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError as error:
        raise typer.BadParameter(f"`{text}` is not LAT,LON, such as 45.68,-111.04") from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 360):
        raise typer.BadParameter(
            f"`{text}` lies outside the Earth: latitude in [-90, 90], longitude in [-180, 360]"
        )
    return latitude, longitude


def baseline(text: str) -> choices.Baseline:
    """The baseline of that name."""
    for name in choices.BASELINES:
        if text == name:
            return name
    raise typer.BadParameter(f"`{text}` is not one of {', '.join(choices.BASELINES)}")


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="Configuration (default: geoguess.toml, if there is one)."
    ),
]
Photos = Annotated[
    Path | None,
    typer.Option(
        "--photos", metavar="SOURCE", help="Photo table, or any source `data inspect` knows."
    ),
]
PhotoFiles = Annotated[
    list[Path],
    typer.Argument(metavar="PHOTO…", help="Photos, folders (searched whole) or tables of photos."),
]
Split = Annotated[choices.SplitName, typer.Option("--split", help="Photos to use.")]
Cells = Annotated[
    Path | None,
    typer.Option("--cells", metavar="FILE", help="Partition (default: ARTIFACTS/cells.parquet)."),
]
Model = Annotated[
    Path | None,
    typer.Option("--model", metavar="DIR", help="Model folder (default: ARTIFACTS/model)."),
]
Artifacts = Annotated[
    Path | None,
    typer.Option("--artifacts", metavar="DIR", help="Folder for everything that verbs write."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="PATH", help="Where to write the result.")
]
Uncovered = Annotated[
    choices.Uncovered | None,
    typer.Option("--uncovered", help="What becomes of a photo that lies in no cell."),
]
FormatOption = Annotated[
    choices.RecordFormat | None,
    typer.Option("--format", help="Form of the result (default: by the ending of -o, or table)."),
]
Theme = Annotated[
    choices.ThemeName,
    typer.Option("--theme", help="Colours of the figure: on white or on dark paper."),
]
_TOP_K = typer.Option("--top-k", "-k", min=1, metavar="K", help="Guesses to list for each photo.")
TopK = Annotated[int, _TOP_K]
TopKIfAny = Annotated[int | None, _TOP_K]
PointOption = Annotated[
    choices.PointMethod | None,
    typer.Option(
        "--point", help="How the point estimate is chosen (default: as validation photos decided)."
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", min=1, metavar="N", help="Photos (or windows) at a time."),
]
Window = Annotated[
    int, typer.Option("--window", min=1, help="Side of the covered square, in pixels.")
]
DeviceOption = Annotated[
    choices.Device | None, typer.Option("--device", help="Where the model runs.")
]
PrecisionOption = Annotated[
    choices.Precision | None,
    typer.Option("--precision", help="bf16 is faster where the machine has it."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", min=-1, metavar="N", help="Processes that decode photos; -1 asks the machine."
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, metavar="N", help="Seed of everything random.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is already there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notices.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
# Typer would ask the parts of a tuple as two arguments: hence Any, made by `coordinates`.
Near = Annotated[
    Any,
    typer.Option(
        "--near",
        metavar="LAT,LON",
        parser=coordinates,
        help="Only cells that touch the circle around this place.",
    ),
]
Truth = Annotated[
    Any,
    typer.Option(
        "--truth",
        metavar="LAT,LON",
        parser=coordinates,
        help="Where the photo was taken (default: the photo table, else the photo's EXIF).",
    ),
]
# Typer takes no list of Literals: hence Any, made by `baseline`.
Baselines = Annotated[
    list[Any] | None,
    typer.Option(
        "--baseline",
        metavar="|".join(choices.BASELINES),
        parser=baseline,
        help="What covered pixels become (default: mean, the mean colour); "
        "given several times, the map is the mean of the maps.",
    ),
]
