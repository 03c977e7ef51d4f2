"""The trained model of a verb, which several processes may share."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geoguess_cli.config import Config
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import ModelError

if TYPE_CHECKING:
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.model.processes import Processes


@dataclass(frozen=True)
class ModelOfVerb:
    """Which model a verb loads, and how; each process that shares its work loads the same.

    Args:
        folder: The model folder, or an ONNX file.
        config: Device, precision and greatest number of pixels.
        keeps: Read and keep features of photos where `features.dtype` says so.
        views: Number of views of each photo.
    """

    folder: Path
    config: Config
    keeps: bool
    views: int = 1

    def load(self) -> "PhotoPredictor":
        """The predictor."""
        from geoguess_cli import api

        return api.predictor_at(self.folder, self.config, keeps=self.keeps, views=self.views)


def load_predictor(
    config: Config,
    model: Path | None,
    *,
    exact: bool = False,
    keeps: bool = False,
    within: str | None = None,
    views: int = 1,
    processes: "Processes | None" = None,
) -> "PhotoPredictor":
    """The trained model that --model names, else the one in the artifacts folder.

    Args:
        config: It names the artifacts folder, the device and the precision.
        model: The folder or ONNX file that --model names.
        exact: Take fp32 where the precision is "auto". An occlusion map needs it: drops of a
            hundredth would drown in the rounding of bf16.
        keeps: Read and keep features of photos where `features.dtype` says so.
        within: The region of --within, to which answers are limited.
        views: The value of --views.
        processes: Those that share the photos of `PhotoPredictor.outputs`.

    Raises:
        ConfigError: There is no such region.
        CellError: No cell of the model reaches into the region.
    """
    from geoguess_cli.geo.regions import find_region

    if exact and config.precision == "auto":
        config = dataclasses.replace(config, precision="fp32")
    region = None if within is None else find_region(within)
    chosen = ModelOfVerb(model or config.model_path, config, keeps, views)
    if processes is None or processes.alone:
        predictor = chosen.load()
    else:
        from geoguess_cli.inference.sharing import SharedPredictor

        predictor = SharedPredictor(chosen, processes)
    return predictor if region is None else predictor.within(region)


def folder_of(config: Config, model: Path | None) -> Path:
    """The model folder that --model names, else the one in the artifacts folder.

    A verb that changes or copies a model asks for it before it loads torch: an ONNX file may lie
    where there is none.

    Raises:
        MissingFileError: There is no model folder.
        ModelError: It is an ONNX file.
    """
    from geoguess_cli.model.folder import check_folder

    folder = model or config.model_path
    check_folder(folder)
    return folder


def check_familiarity(predictor: "PhotoPredictor", sink: Sink, *, needed: bool = False) -> None:
    """Say in one line if the model cannot tell which photos are unlike its training photos.

    Args:
        predictor: The model.
        sink: Where the line goes.
        needed: Whether the verb cannot work without it.

    Raises:
        ModelError: It is needed.
    """
    if predictor.familiarity is not None:
        return
    if needed:
        raise ModelError(predictor.trained.no_familiarity)
    sink.notice(predictor.trained.no_familiarity)


def check_memory(predictor: "PhotoPredictor", neighbours: int, *, room: str) -> None:
    """Check that training photos can be named, if any are asked for.

    Args:
        predictor: The model.
        neighbours: Number of training photos to name.
        room: Why the format of the answers has no room for them; "" if it has.

    Raises:
        typer.BadParameter: It has none.
        ModelError: The model carries no memory of its training photos.
    """
    if not neighbours:
        return
    if room:
        raise typer.BadParameter(room)
    if predictor.trained.memory is None:
        raise ModelError(predictor.trained.no_memory)
