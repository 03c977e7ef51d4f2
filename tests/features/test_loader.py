"""Kept features come in the order in which the photos would come."""

from collections.abc import Callable

import numpy as np

from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.extraction import Extraction
from geoguess_cli.features.folder import FeatureFolder
from geoguess_cli.features.loader import FeatureLoader
from geoguess_cli.features.view import View
from geoguess_cli.photos.batch_order import BatchOrder
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.images import Augmentation
from geoguess_cli.photos.listing import PhotoList


def test_the_same_batches_as_from_the_photos(
    build_encoder: Callable[..., Encoder], folder: FeatureFolder, files: PhotoList
) -> None:
    encoder, augmentation = build_encoder(), Augmentation()
    views = [View(augmentation, number) for number in range(2)]
    kept = [
        Extraction(folder.store(encoder, view), encoder, view, batch_size=8).keep(files)
        for view in views
    ]
    photos = PhotoLoader(
        files,
        spec=encoder.spec,
        batch_size=6,
        workers=0,
        augmentation=augmentation,
        views=2,
        seed=3,
        shuffle=True,
    )
    features = FeatureLoader(kept, BatchOrder(20, 6, 3, True, False, (0, 1)))
    assert len(features) == len(photos) == 4
    for epoch, first in ((0, 0), (1, 2), (4, 0)):
        batches = list(features.epoch(epoch, first))
        expected = list(photos.epoch(epoch, first))
        assert len(batches) == len(expected)
        for own, other in zip(batches, expected, strict=True):
            assert own.rows.tolist() == other.rows.tolist()
            assert own.failures == other.failures
            assert own.images.numpy().dtype == np.float32
            np.testing.assert_allclose(own.images, encoder.features(other.images), atol=1e-5)
