"""The features of a whole photo table, built before a training or an evaluation asks for them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError
from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.extraction import Extraction
from geoguess_cli.features.folder import FeatureFolder
from geoguess_cli.features.store import FeatureStore
from geoguess_cli.features.view import PLAIN, View
from geoguess_cli.model.device import resolve_device, resolve_precision
from geoguess_cli.model.geolocator import build_geolocator, image_spec
from geoguess_cli.model.pretrained import load_weights
from geoguess_cli.model.trained import TrainedModel
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.features import training_views


@dataclass(frozen=True, eq=False)
class FeatureBuild:
    """The features that a table's photos have now.

    Attributes:
        stores: A store for each view.
        photos: Number of photos of the table.
        failures: Name and reason of each photo that cannot be read.
    """

    stores: list[FeatureStore]
    photos: int
    failures: list[tuple[str, str]]


def build_features(
    config: Config,
    photos: PhotoTable,
    *,
    trained: TrainedModel | None = None,
    on_photos: Callable[[int, int], None] | None = None,
) -> FeatureBuild:
    """Read all photos whose features are not there, and keep their features.

    A training photo is seen in the views that a training shows, every other photo as it is.

    Args:
        config: Encoder with its first weights, photo transform, views, number type, folder.
        photos: The photo table; without splits every photo is seen as it is.
        trained: Take the encoder of this model instead.
        on_photos: Called with the number of photos done and of all; each view of a photo counts.

    Raises:
        ConfigError: Features are off, or each epoch would have a view of its own.
        ModelError: timm has no such encoder.
        WeightsError: Weights cannot be loaded or downloaded.
    """
    dtype = config.features.dtype
    if dtype == "off":
        raise ConfigError(
            'features.dtype is "off", so no verb would read features; set it to "float16"'
        )
    encoder = _first_encoder(config) if trained is None else _encoder_of(trained, config)
    work = _work(config, photos)
    total = sum(len(table) for _, table in work)
    stores: dict[str, FeatureStore] = {}
    failures: dict[str, str] = {}
    done = 0

    def report(count: int) -> None:
        if on_photos is not None:
            on_photos(done + count, total)

    for view, table in work:
        store = FeatureFolder(config.features_path, dtype).store(encoder, view)
        how = Extraction(
            store,
            encoder,
            view,
            batch_size=config.train.batch_size,
            workers=config.workers,
            max_pixels=config.max_pixels,
        )
        kept = how.keep(table.files, on_photos=report)
        failures |= {table.frame["photo"][row]: reason for row, reason in kept.failures.items()}
        stores[store.folder.name] = store
        done += len(table)
    return FeatureBuild(list(stores.values()), len(photos), list(failures.items()))


def _work(config: Config, photos: PhotoTable) -> list[tuple[View, PhotoTable]]:
    """The photos of each view."""
    if not photos.has("split"):
        return [(PLAIN, photos)]
    learns = photos.frame["split"].eq_missing("train").to_numpy()
    train, others = (photos.take(np.flatnonzero(rows)) for rows in (learns, ~learns))
    work = [(view, train) for view in training_views(config)] if len(train) else []
    return [*work, (PLAIN, others)] if len(others) else work


def _first_encoder(config: Config) -> Encoder:
    """The encoder with which a training begins. The number of cells does not change it."""
    spec = image_spec(config.model, config.images)
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        geolocator = build_geolocator(config.model, cells=1, image_size=spec.size)
    load_weights(geolocator, config.model, image_size=spec.size)
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    return Encoder(geolocator.to(device), config.model, spec, device, precision)


def _encoder_of(trained: TrainedModel, config: Config) -> Encoder:
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    return Encoder(trained.geolocator.to(device), trained.config, trained.spec, device, precision)
