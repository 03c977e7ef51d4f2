"""A predictor that looks at several views of each photo and answers by all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from geoguess_cli.inference.answering import Looked, Outputs
from geoguess_cli.inference.groups import Groups, grouped
from geoguess_cli.inference.photo_predictor import Images, PhotoPredictor
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.listing import PhotoList

PHOTOS = 512
"""Photos whose views go through the model together; their logits are in memory at the same time."""


class ViewPredictor(PhotoPredictor):
    """A predictor whose `outputs` join the views of each photo as photos of one place are joined.

    The pooled values are those of the first view, so that likeness to the training photos is that
    of the whole photo.

    Args:
        views: A predictor of each view, the whole photo first.
        redundancy: How alike views are as evidence, in [0, 1].
    """

    def __init__(self, views: Sequence[PhotoPredictor], *, redundancy: float) -> None:
        first = views[0]
        super().__init__(
            first.trained,
            device=first.device,
            precision=first.precision,
            max_pixels=first.max_pixels,
        )
        self._views, self._redundancy = views, redundancy

    def look(self, images: Images) -> Looked:
        """What the network makes of images of the first view, as in `PhotoPredictor`."""
        return self._views[0].look(images)

    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        """What the network makes of many photos, as in `PhotoPredictor`."""
        photos = PhotoList.of_files(files)
        for start in range(0, len(photos), PHOTOS):
            rows = np.arange(start, min(start + PHOTOS, len(photos)))
            own = photos.take(rows)
            for output in self._joined(own, batch_size=batch_size, workers=workers):
                failures = [(start + row, reason) for row, reason in output.failures]
                yield replace(output, rows=start + output.rows, failures=failures)

    def _joined(self, photos: PhotoList, **how: int) -> Iterator[Outputs]:
        """The outputs of a few hundred photos."""
        count, pooled, reasons = len(photos), dict[int, np.ndarray](), dict[int, str]()

        def seen() -> Iterator[Outputs]:
            for number, view in enumerate(self._views):
                for output in view.outputs(photos, **how):
                    if number == 0 and output.pooled is not None:
                        pooled.update(zip(output.rows.tolist(), output.pooled, strict=True))
                    reasons.update(output.failures)
                    moved = [(number * count + row, reason) for row, reason in output.failures]
                    yield replace(output, rows=number * count + output.rows, failures=moved)

        members = np.tile(np.arange(count), len(self._views))
        for output in grouped(seen(), Groups([""] * count, members), self._redundancy):
            first = [pooled.pop(row) for row in output.rows.tolist() if row in pooled]
            yield replace(
                output,
                failures=[(row, reasons[row]) for row, _ in output.failures],
                pooled=np.stack(first) if len(first) == len(output.rows) > 0 else None,
            )

    def identity(self) -> dict[str, Any]:
        """The record of the model, with the number of views and their redundancy."""
        own = {"views": len(self._views), "views_redundancy": self._redundancy}
        return {**super().identity(), **own}
