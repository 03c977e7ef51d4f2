"""`geoguess probmap`: the probabilities of the cells, on the map."""

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from geoguess_cli.commands import _options as options
from geoguess_cli.commands._inputs import load_predictor, settings, truth_of
from geoguess_cli.commands._output import Sink, save_figure
from geoguess_cli.files import write_text

SHOWN_PIXELS = 800
ENDINGS = (".png", ".svg", ".pdf", ".geojson")


def probmap(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="The photo to place.")],
    *,
    output: options.Output = None,
    truth: options.Truth = None,
    top_k: options.TopK = 5,
    photos: options.Photos = None,
    model: options.Model = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Draw each cell filled by its probability (.png, .svg, .pdf), or write it as .geojson."""
    from geoguess_cli.explain.maps import probability_map_figure
    from geoguess_cli.explain.probability_map import probability_map
    from geoguess_cli.photos.images import decode_photo

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config, photos=photos, artifacts=artifacts, device=device, precision=precision
    )
    path = output or chosen.artifacts / "figures" / f"{photo.stem}-map.png"
    if path.suffix.lower() not in ENDINGS:
        raise typer.BadParameter(f"-o {path} must end in one of {', '.join(ENDINGS)}")
    image = decode_photo(photo, at_least=SHOWN_PIXELS)
    predictor = load_predictor(chosen, model)
    probabilities = predictor.probabilities(predictor.read(photo)[None])[0]
    made = probability_map(
        predictor.partition,
        probabilities,
        truth=truth_of(photo, truth, chosen),
        top_k=top_k,
    )
    if path.suffix.lower() == ".geojson":
        write_text(json_module.dumps(made.to_geojson(), ensure_ascii=False), path)
    else:
        save_figure(probability_map_figure(made, photo=image), path)
    if json:
        sink.json({"photo": str(photo), "path": str(path), "distance_km": made.distance_km})
    sink.wrote("probability map", path)
