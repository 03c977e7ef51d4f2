"""A predictor that reads the features of photos from a store, and keeps those that it computes."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.extraction import Extraction
from geoguess_cli.features.folder import FeatureFolder
from geoguess_cli.features.lookup import KeyedPhotos
from geoguess_cli.features.view import PLAIN
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.checkpoint import TrainedModel
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.listing import PhotoList


class FeaturePredictor(Predictor):
    """A predictor whose `outputs` decode no photo whose features are kept.

    Args:
        trained: The model with its partition.
        features: The folder of the kept features.
        how: Device, precision and greatest number of pixels, as of `Predictor`.
    """

    def __init__(self, trained: TrainedModel, *, features: FeatureFolder, **how: Any) -> None:
        super().__init__(trained, **how)
        self._encoder = Encoder(
            trained.geolocator, trained.config, trained.spec, self.device, self.precision
        )
        self._features = features

    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        """What the network makes of many photos as in `Predictor`, first of photos with features.

        Raises:
            ModelError: A logit is not finite.
            FeatureError: A feature is not finite in the number type of the store.
        """
        photos = KeyedPhotos(PhotoList.of_files(files))
        store = self._features.store(self._encoder)
        rows = photos.rows_in(store)
        kept = np.flatnonzero(rows >= 0)
        for start in range(0, len(kept), batch_size):
            own = kept[start : start + batch_size]
            yield self.outputs_of(own, self._stored(store.read(rows[own])), [])
        how = Extraction(
            store,
            self._encoder,
            PLAIN,
            batch_size=batch_size,
            workers=workers,
            max_pixels=self.max_pixels,
        )
        for batch in how.of_missing(photos, np.flatnonzero(rows < 0)):
            yield self.outputs_of(batch.photos, self._stored(batch.features), batch.failures)

    def _stored(self, features: np.ndarray) -> np.ndarray:
        """Features as their number type in the store rounds them."""
        return features.astype(self._features.dtype).astype(np.float32)
