"""The kept features of a training's photos, in place of the photos where all before the head rests.

With the same views of the photos a training on features of fp32 gives the losses and weights of one
on the photos, but for the rounding of batches of another make-up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from geoguess_cli.choices import Arithmetic
from geoguess_cli.config import Config, StageConfig
from geoguess_cli.errors import ConfigError
from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.extraction import Extraction, KeptPhotos
from geoguess_cli.features.folder import FeatureFolder
from geoguess_cli.features.loader import FeatureLoader
from geoguess_cli.features.lookup import KeyedPhotos
from geoguess_cli.features.view import PLAIN, View
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.processes import Processes
from geoguess_cli.photos.batch_order import BatchOrder
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.images import Augmentation, ImageSpec
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.training.photos import TrainingPhotos

Loader = PhotoLoader | FeatureLoader

OnFeatures = Callable[[int, int], None]
"""Called with the number of photos whose features are there, and the number of all; each view of a
photo counts."""


@dataclass(frozen=True, eq=False)
class FeatureReading:
    """Reads the features of a training's photos, and keeps those that were not there.

    Args:
        config: Folder and number type of the features, batch size, seed, views.
        geolocator: The model, on its device.
        spec: The photo transform.
        device: Where the model computes.
        precision: The number format of the forward pass.
        train: Photos to learn from.
        val: Photos to choose the best epoch by.
        processes: Those that train together; the leader reads the photos.
        on_features: Called while photos are read.
    """

    config: Config
    geolocator: Geolocator
    spec: ImageSpec
    device: torch.device
    precision: Arithmetic
    train: TrainingPhotos
    val: TrainingPhotos
    processes: Processes
    on_features: OnFeatures

    def loaders(
        self, stage: StageConfig, photos: tuple[Loader, Loader], after_batch: Callable[[], None]
    ) -> tuple[Loader, Loader]:
        """What a stage learns from and what judges it: the photos, or their features, in batches.

        Args:
            stage: Features take the place of photos if it lets the head alone learn.
            photos: The loaders of the training photos and of the validation photos.
            after_batch: Called after each batch of photos whose features are read.
        """
        if not reads_features(self.config, stage):
            return photos
        encoder = Encoder(
            self.geolocator, self.config.model, self.spec, self.device, self.precision
        )
        views = training_views(self.config)
        work = [*((self.train, view) for view in views), (self.val, PLAIN)]
        total = sum(len(own) for own, _ in work)
        kept: list[KeptPhotos] = []

        def report(done: int) -> None:
            self.on_features(sum(map(len, kept)) + done, total)
            after_batch()

        for own, view in work:
            kept.append(self._kept(encoder, own.files, view, report))
        return self._loader(kept[:-1], shuffle=True), self._loader(kept[-1:], shuffle=False)

    def _kept(
        self, encoder: Encoder, files: PhotoList, view: View, on_photos: Callable[[int], None]
    ) -> KeptPhotos:
        dtype = self.config.features.dtype
        assert dtype != "off"
        store = FeatureFolder(self.config.features_path, dtype).store(encoder, view)
        how = Extraction(
            store,
            encoder,
            view,
            batch_size=self.config.train.batch_size,
            workers=self.config.workers,
            max_pixels=self.config.max_pixels,
        )

        def read() -> Mapping[int, str]:
            return how.keep(files, on_photos=on_photos).failures

        failures = self.processes.of_leader(read)
        return KeptPhotos(store, KeyedPhotos(files).rows_in(store), failures)

    def _loader(self, views: list[KeptPhotos], *, shuffle: bool) -> FeatureLoader:
        order = BatchOrder(
            len(views[0]),
            self.config.train.batch_size,
            self.config.seed,
            shuffle,
            share=(self.processes.rank, self.processes.count),
            chances=self.train.chances(self.config.train.balance) if shuffle else None,
        )
        return FeatureLoader(views, order)


def training_augmentation(config: Config) -> Augmentation | None:
    """The random changes of training photos; None for none."""
    images = config.images
    if not images.augment:
        return None
    return Augmentation(
        crop_scale=images.crop_scale, color_jitter=images.color_jitter, flip=images.flip
    )


def training_views(config: Config) -> list[View]:
    """The views of a training photo whose features are kept.

    Raises:
        ConfigError: Each epoch would have a view of its own.
    """
    augmentation = training_augmentation(config)
    if augmentation is None:
        return [PLAIN]
    if not config.images.views:
        raise ConfigError(
            f'features.dtype is "{config.features.dtype}", and images.augment changes each photo '
            "anew in every epoch, so its features cannot be kept; set images.augment = false, or "
            "images.views to the number of augmented views to keep"
        )
    return [View(augmentation, number) for number in range(config.images.views)]


def reads_features(config: Config, stage: StageConfig) -> bool:
    """Whether a stage learns from kept features: they are wanted, and all before the head rests."""
    resting = set(config.model.parts) - {"head"}
    return config.features.dtype != "off" and set(stage.freeze) == resting


def check_features(config: Config) -> None:
    """Raise ConfigError if a stage would learn from features that cannot be kept."""
    if any(reads_features(config, stage) for stage in config.train.stages):
        training_views(config)
