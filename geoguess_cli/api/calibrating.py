"""What validation and training photos tell of a model: its decision, and what it keeps of both."""

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoguess_cli.evaluation.fitting import Fit
    from geoguess_cli.inference.answering import Outputs
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.photos.table import PhotoTable


def fit_on_validation(
    predictor: "PhotoPredictor",
    photos: "PhotoTable",
    *,
    batch_size: int = 32,
    workers: int = 0,
    memory: bool | None = None,
    on_batch: Callable[[int, int], None] | None = None,
) -> "Fit":
    """The temperature and the point method that are best on the photos of the split `val`.

    Where the model carries training photos, or is to, the method `neighbours` is among them.

    The photos of the split `train` tell what the training photos are like, unless the model knows.

    Args:
        predictor: The model.
        photos: A photo table with the split `val`.
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        memory: Keep the features of all photos of the split `train`; False judges without those
            that the model carries, None with them.
        on_batch: Called with (photos done, photos in all) after each batch.
    """
    from geoguess_cli.evaluation.familiarity import (
        FamiliarityMeter,
        MemoryKeeper,
        training_sample,
    )
    from geoguess_cli.evaluation.fitting import fit_decision

    known = predictor.trained.familiarity
    train, val = photos.only("train"), photos.only("val")
    if not memory:
        train = training_sample(train)
    learned = len(train) if memory or known is None else 0

    def outputs(table: "PhotoTable", done: int) -> "Iterator[Outputs]":
        for own in predictor.outputs(table.files, batch_size=batch_size, workers=workers):
            yield own
            done += len(own.rows) + len(own.failures)
            if on_batch is not None:
                on_batch(done, learned + len(val))

    meter, keeper = FamiliarityMeter(known), MemoryKeeper(train)
    if learned:
        seen = outputs(train, 0)
        seen = keeper.watching(seen) if memory else seen
        if known is None:
            meter.learn(seen, train)
        else:
            deque(seen, maxlen=0)
    kept = keeper.result()
    fit = fit_decision(
        meter.watching(outputs(val, learned)),
        val,
        predictor.partition,
        memory=None if memory is False else kept or predictor.memory,
    )
    fit = dataclasses.replace(fit, familiarity=meter.result(), memory=kept)
    return fit.with_views(None, predictor.trained.decision.view_redundancy)


def fit_views(
    fit: "Fit",
    predictor: "PhotoPredictor",
    photos: "PhotoTable",
    *,
    batch_size: int = 32,
    workers: int = 0,
    on_batch: Callable[[int, int], None] | None = None,
) -> "Fit":
    """The fit with how alike several views of one photo are as evidence.

    Args:
        fit: What `fit_on_validation` gave for the same model.
        predictor: The model, which looks at several views of each photo.
        photos: A photo table with the split `val`, of which at most 5,000 photos are looked at.
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        on_batch: Called with (photos done, photos in all) after each batch.
    """
    from geoguess_cli.evaluation.redundancy import fit_view_redundancy, views_sample

    sample, count = views_sample(photos.only("val")), predictor.identity()["views"]
    before = predictor.trained.decision.view_redundancy

    def outputs() -> "Iterator[Outputs]":
        done = 0
        for own in predictor.outputs(sample.files, batch_size=batch_size, workers=workers):
            yield own
            done += len(own.rows) + len(own.failures)
            if on_batch is not None:
                on_batch(done, len(sample))

    redundancy = fit_view_redundancy(
        outputs(),
        sample,
        predictor.partition,
        views=count,
        applied=before,
        temperature=fit.decision.temperature,
    )
    return fit.with_views(redundancy, before, seen=count)
