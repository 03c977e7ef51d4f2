"""The one place where the path of a model becomes a predictor."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from geoguess_cli.config import Config

if TYPE_CHECKING:
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.model.checkpoint import TrainedModel
    from geoguess_cli.model.onnx_model import OnnxModel

_Model = TypeVar("_Model", "TrainedModel", "OnnxModel")


def predictor_at(
    path: Path, config: Config, *, keeps: bool = False, views: int = 1
) -> "PhotoPredictor":
    """The model of a folder or of an ONNX file, on the device of a configuration.

    An ONNX file loads no torch.

    Args:
        path: The model folder, or the file.
        config: Device, precision, threads and greatest number of pixels.
        keeps: Read and keep features of photos where `features.dtype` says so; not for a file.
        views: Number of views of each photo that it looks at, as `photos.views` defines them.

    Raises:
        MissingFileError: There is no model, or a file of its folder is missing.
        ModelError: The files of the folder do not belong together, or the file is no model.
        ConfigError: This machine has no such device.
    """
    if path.is_file():
        from geoguess_cli.inference.onnx_predictor import OnnxPredictor
        from geoguess_cli.model.onnx_model import read_onnx

        model = read_onnx(path, device=config.device, threads=config.threads)
        how: Any = {"precision": config.precision, "max_pixels": config.max_pixels}
        return _seeing(model, views, lambda own: OnnxPredictor(own, **how))
    from geoguess_cli.model.folder import check_folder

    check_folder(path)  # before torch, which takes seconds and may not be here
    from geoguess_cli.model.checkpoint import load_model

    return predictor_of(load_model(path), config, keeps=keeps, views=views)


def predictor_of(
    trained: "TrainedModel", config: Config, *, keeps: bool = False, views: int = 1
) -> "PhotoPredictor":
    """A trained model on the device of a configuration.

    Args:
        trained: The model.
        config: Device, precision and greatest number of pixels.
        keeps: Read and keep features of photos where `features.dtype` says so.
        views: Number of views of each photo that it looks at, as `photos.views` defines them.
    """
    from geoguess_cli.inference.predictor import Predictor

    run: dict[str, Any] = {
        "device": config.device,
        "precision": config.precision,
        "max_pixels": config.max_pixels,
    }
    if not keeps or config.features.dtype == "off":
        return _seeing(trained, views, lambda own: Predictor(own, **run))
    from geoguess_cli.features.folder import FeatureFolder
    from geoguess_cli.inference.kept import FeaturePredictor

    features = FeatureFolder(config.features_path, config.features.dtype)
    return _seeing(trained, views, lambda own: FeaturePredictor(own, features=features, **run))


def _seeing(
    model: _Model, views: int, predictor_of_view: "Callable[[_Model], PhotoPredictor]"
) -> "PhotoPredictor":
    """A predictor that looks at one or more views of each photo.

    Args:
        model: The model.
        views: Number of views.
        predictor_of_view: The predictor of a model whose photo transform is that of a view.
    """
    if views == 1:
        return predictor_of_view(model)
    from geoguess_cli.inference.views import ViewPredictor
    from geoguess_cli.photos.views import view_spec

    of_each = [
        predictor_of_view(dataclasses.replace(model, spec=view_spec(model.spec, number)))
        for number in range(views)
    ]
    return ViewPredictor(of_each, redundancy=model.decision.view_redundancy)
