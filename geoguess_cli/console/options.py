"""Each option that several verbs take, spelled once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli import choices
from geoguess_cli.config import ColumnsConfig
from geoguess_cli.toml_records import keys_of

if TYPE_CHECKING:
    from geoguess_cli.inference.parts import Shard


def coordinates(text: str) -> tuple[float, float]:
    """The latitude and longitude in degrees that `LAT,LON` stands for."""
    parts = text.replace(",", " ").split()
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError as error:
        raise typer.BadParameter(
            f"`{text}` is not a place; write LAT,LON, such as 45.68,-111.04"
        ) from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 360):
        raise typer.BadParameter(
            f"`{text}` is not a place on Earth; the latitude must lie in [-90, 90], "
            "the longitude in [-180, 360]"
        )
    return latitude, longitude


def column(text: str) -> tuple[str, str]:
    """The column of a photo table and its name in the table that `photo=key` stands for."""
    own, equals, name = text.partition("=")
    own, name = own.strip(), name.strip()
    known = list(keys_of(ColumnsConfig))
    if own not in known:
        raise typer.BadParameter(f"`{own}` is no column; the columns are {', '.join(known)}")
    if not equals or not name:
        raise typer.BadParameter(f"`{text}` names no column of the table; write {own}=NAME")
    return own, name


def baseline(text: str) -> choices.Baseline:
    """The baseline that a text names."""
    for name in choices.BASELINES:
        if text == name:
            return name
    raise typer.BadParameter(f"`{text}` is not one of {', '.join(choices.BASELINES)}")


def buffer(text: str) -> float | None:
    """A distance in km; None for "auto"."""
    if text == "auto":
        return None
    try:
        distance = float(text)
    except ValueError:
        distance = -1.0
    if not distance >= 0:
        raise typer.BadParameter(f"`{text}` is neither `auto` nor a distance in km, such as 0.5")
    return distance


def shard(text: str) -> "Shard":
    """The share of a work that a text such as `2/3` names."""
    from geoguess_cli.inference.parts import Shard

    number, slash, count = text.partition("/")
    if slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Shard(int(number), int(count))
    raise typer.BadParameter(f"`{text}` is no share; write I/N, such as 1/3, 2/3 and 3/3")


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration file (default: geoguess.toml, if it exists).",
    ),
]
Photos = Annotated[
    Path | None,
    typer.Option(
        "--photos",
        metavar="SOURCE",
        help="Photo table, or any other source that `data inspect` reads.",
    ),
]
TableArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="TABLE",
        help="Photo table, or any other source that `data inspect` reads "
        "(default: the photos of the configuration).",
    ),
]
Memory = Annotated[
    bool,
    typer.Option(
        "--memory",
        help="Let the model carry the features of its training photos, and their names, so that "
        "it can show those that a photo resembles.",
    ),
]
Swap = Annotated[
    bool | None,
    typer.Option(
        "--swap/--as-is",
        help="Exchange latitude and longitude, or keep them as they stand. Without either, the "
        "verb stops if they look exchanged.",
    ),
]
PhotoFiles = Annotated[
    list[Path],
    typer.Argument(metavar="PHOTO…", help="Photos, folders with subfolders, or tables of photos."),
]
# Typer takes no list of pairs, so the type is Any; `column` makes each value.
Columns = Annotated[
    list[Any] | None,
    typer.Option(
        "--column",
        metavar="COLUMN=NAME",
        parser=column,
        help="What the table calls a column, such as latitude=y; repeat the option for more.",
    ),
]
Split = Annotated[choices.SplitName, typer.Option("--split", help="Photos to use.")]
Cells = Annotated[
    Path | None,
    typer.Option(
        "--cells", metavar="FILE", help="Partition file (default: ARTIFACTS/cells.parquet)."
    ),
]
_ADDRESS = "hf://OWNER/NAME, also with @REVISION (default: ARTIFACTS/model)."
_MODEL_HELP = f"Model folder, ONNX file, or {_ADDRESS}"
_FOLDER_HELP = f"Model folder, or {_ADDRESS}"
ModelOption = Annotated[Path | None, typer.Option("--model", metavar="MODEL", help=_MODEL_HELP)]
FolderOption = Annotated[Path | None, typer.Option("--model", metavar="MODEL", help=_FOLDER_HELP)]
ModelArgument = Annotated[Path | None, typer.Argument(metavar="MODEL", help=_MODEL_HELP)]
FolderArgument = Annotated[Path | None, typer.Argument(metavar="MODEL", help=_FOLDER_HELP)]
Artifacts = Annotated[
    Path | None,
    typer.Option("--artifacts", metavar="DIR", help="Folder for everything that geoguess writes."),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="PATH", help="Where to write the result.")
]
AnswerOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Where to write the result: a file, or a folder that fills part by part.",
    ),
]
# Typer takes no class of ours, so the type is Any; `shard` makes the value.
ShardOption = Annotated[
    Any,
    typer.Option(
        "--shard",
        metavar="I/N",
        parser=shard,
        help="Answer only the I-th of N shares of the photos; all jobs may write to one folder.",
    ),
]
MaxPhotos = Annotated[
    int | None, typer.Option("--max-photos", min=1, help="Split a cell that holds more photos.")
]
MinPhotos = Annotated[
    int | None, typer.Option("--min-photos", min=1, help="Drop a cell that holds fewer photos.")
]
MaxLevel = Annotated[
    int | None, typer.Option("--max-level", min=0, max=30, help="Split no further than this level.")
]
UncoveredOption = Annotated[
    choices.Uncovered | None,
    typer.Option("--uncovered", help="What to do with a photo that lies in no cell."),
]
_FORMAT = typer.Option(
    "--format", help="Format of the result (default: by the ending of -o, else table)."
)
FormatOption = Annotated[choices.RecordFormat | None, _FORMAT]
AnswerFormatOption = Annotated[choices.AnswerFormat | None, _FORMAT]
ThemeOption = Annotated[
    choices.ThemeName,
    typer.Option("--theme", help="Colours of the figure, for a light or a dark page."),
]
_TOP_K = typer.Option("--top-k", "-k", min=1, metavar="K", help="Guesses to list for each photo.")
TopK = Annotated[int, _TOP_K]
TopKIfAny = Annotated[int | None, _TOP_K]
WithinOption = Annotated[
    str | None,
    typer.Option(
        "--within",
        metavar="REGION",
        help="Take it that the photos were taken in a region: a name such as `Montana, US`, a box "
        "W,S,E,N in degrees, or a GeoJSON file of polygons.",
    ),
]
_NEIGHBOURS = typer.Option(
    "--neighbours",
    min=0,
    metavar="N",
    help="Show the N training photos that the photo resembles most; the model must carry them: "
    "`calibrate --memory`.",
)
NeighboursOption = Annotated[int, _NEIGHBOURS]
NeighboursIfAny = Annotated[int | None, _NEIGHBOURS]
ViewsOption = Annotated[
    int,
    typer.Option(
        "--views",
        min=1,
        max=6,
        metavar="K",
        help="Look at K views of each photo, the whole and crops of it, and answer by all of them; "
        "takes K times as long.",
    ),
]
GroupByOption = Annotated[
    str | None,
    typer.Option(
        "--group-by",
        metavar="COLUMN",
        help="Answer the photos together that share the value of a column of the table, such as "
        "sequence.",
    ),
]
PointOption = Annotated[
    choices.PointMethod | None,
    typer.Option(
        "--point",
        help="How to choose the point estimate (default: the method that was best on val photos).",
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size", min=1, metavar="N", help="Images that go through the model at once."
    ),
]
Accumulate = Annotated[
    int | None,
    typer.Option(
        "--accumulate",
        min=1,
        metavar="N",
        help="Parts in which a batch goes through the model, to save memory.",
    ),
]
Compile = Annotated[
    bool | None,
    typer.Option(
        "--compile/--no-compile",
        help="Let torch.compile write kernels for the model: minutes first, then faster steps on "
        "a GPU.",
    ),
]
Window = Annotated[
    int, typer.Option("--window", min=1, help="Side of the covered square, in pixels.")
]
_STRIDE = typer.Option("--stride", min=1, help="Step from one window to the next, in pixels.")
Stride = Annotated[int, _STRIDE]
StrideIfAny = Annotated[int | None, _STRIDE]
DeviceOption = Annotated[
    choices.Device | None, typer.Option("--device", help="Device that runs the model.")
]
PrecisionOption = Annotated[
    choices.Precision | None,
    typer.Option(
        "--precision", help="Arithmetic of the model; bf16 is faster on devices that support it."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=-1,
        metavar="N",
        help="Processes that decode photos; -1 chooses a number for this machine.",
    ),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        "--max-pixels",
        min=1,
        metavar="N",
        help="Largest width × height of a photo; a larger one is refused, unless it is a JPEG that "
        "can be opened at a part of its size.",
    ),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, metavar="N", help="Seed of all random choices.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no notices.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
# Typer reads a tuple from two arguments, so the type is Any; `coordinates` makes the value.
Near = Annotated[
    Any,
    typer.Option(
        "--near",
        metavar="LAT,LON",
        parser=coordinates,
        help="Keep only the cells that touch a circle around this place.",
    ),
]
Truth = Annotated[
    Any,
    typer.Option(
        "--truth",
        metavar="LAT,LON",
        parser=coordinates,
        help="Where the photo was taken (default: as in the photo table, else in the EXIF).",
    ),
]
# Typer takes no list of Literals, so the type is Any; `baseline` makes each value.
BaselineOption = Annotated[
    list[Any] | None,
    typer.Option(
        "--baseline",
        metavar="|".join(choices.BASELINES),
        parser=baseline,
        help="What replaces covered pixels (default: mean, the mean colour). "
        "Repeat the option to average the maps of several baselines.",
    ),
]
