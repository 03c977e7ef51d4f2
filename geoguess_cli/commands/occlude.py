"""`geoguess occlude`: which parts of a photo its answer rests on."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.commands import _options as options
from geoguess_cli.commands._inputs import load_predictor, settings, truth_of
from geoguess_cli.commands._output import Sink, save_figure
from geoguess_cli.errors import CellError
from geoguess_cli.files import replacing

if TYPE_CHECKING:
    import numpy as np

    from geoguess_cli.geo.partition import Partition

SHOWN_PIXELS = 800
ENDINGS = (".png", ".svg", ".pdf", ".npy")
BATCH_SIZE = 32


def occlude(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo to explain.")],
    *,
    output: options.Output = None,
    window: Annotated[
        int, typer.Option("--window", min=1, help="Side of the covered square, in pixels.")
    ] = 32,
    stride: Annotated[
        int, typer.Option("--stride", min=1, help="Step from one window to the next, in pixels.")
    ] = 8,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="top|truth|TOKEN",
            help="The cell whose probability is followed: the likeliest, the true one, or a token.",
        ),
    ] = "top",
    raw: Annotated[
        Path | None,
        typer.Option("--raw", metavar="FILE.npy", help="Also write the map itself, in pixels."),
    ] = None,
    truth: options.Truth = None,
    photos: options.Photos = None,
    model: options.Model = None,
    batch_size: options.BatchSize = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Cover the photo window by window, and draw how far the probability of a cell falls."""
    import numpy as np

    from geoguess_cli.explain.figures import occlusion_figure
    from geoguess_cli.explain.occlusion import occlusion_map
    from geoguess_cli.explain.targets import cell_target
    from geoguess_cli.photos.images import decode_photo

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config, photos=photos, artifacts=artifacts, device=device, precision=precision
    )
    if chosen.precision == "auto":
        # Drops of a hundredth would drown in the rounding of bf16.
        chosen = dataclasses.replace(chosen, precision="fp32")
    path = output or chosen.artifacts / "figures" / f"{photo.stem}-occlusion.png"
    if path.suffix.lower() not in ENDINGS:
        raise typer.BadParameter(f"-o {path} must end in one of {', '.join(ENDINGS)}")
    image = decode_photo(photo, at_least=SHOWN_PIXELS)
    predictor = load_predictor(chosen, model)
    seen = predictor.read(photo)
    probabilities = predictor.probabilities(seen[None])[0]
    place = truth_of(photo, truth, chosen) if target == "truth" else truth
    cell_index = _target(target, photo, probabilities, predictor.partition, place)

    token = predictor.partition.tokens[cell_index]
    with sink.progress() as bar:
        task = bar.add_task("windows", total=None)
        made = occlusion_map(
            predictor.probabilities,
            seen,
            cell_target(cell_index, name=f"cell {token}"),
            window=window,
            stride=stride,
            batch_size=batch_size or BATCH_SIZE,
            on_batch=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if path.suffix.lower() != ".npy":
        save_figure(occlusion_figure(image, made, resize=predictor.spec.resize, token=token), path)
        sink.wrote("occlusion figure", path)
    elif raw is None:
        raw = path
    if raw is not None:
        with replacing(raw) as temporary:
            np.save(temporary, made.drop)
        sink.wrote("occlusion map", raw)
    if json:
        sink.json(
            {
                "photo": str(photo),
                "path": str(path),
                "token": token,
                "probability": made.value,
                "greatest_drop": float(made.drop.max()),
                "greatest_rise": float(-made.drop.min()),
            }
        )


def _target(
    target: str,
    photo: Path,
    probabilities: "np.ndarray",
    partition: "Partition",
    place: tuple[float, float] | None,
) -> int:
    import numpy as np

    if target == "top":
        return int(probabilities.argmax())
    if target != "truth":
        return partition.index_of(target)
    if place is None:
        raise CellError(
            f"where {photo} was taken is not known; give --truth LAT,LON, or another --target"
        )
    index = int(partition.assign(np.array([place]))[0])
    if index < 0:
        raise CellError(f"{place[0]:.4f}, {place[1]:.4f} lies in no cell of the model's partition")
    return index
