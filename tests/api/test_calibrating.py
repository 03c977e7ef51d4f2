"""What `calibrate` learns: the same familiarity and memory as from all outputs at once."""

import numpy as np

import geoguess_cli as gg
from geoguess_cli.api.calibrating import fit_on_validation
from geoguess_cli.api.model import Model
from geoguess_cli.model.familiarity import Familiarity


def test_the_training_photos_are_remembered_in_the_order_of_the_table(model: Model) -> None:
    table = gg.read_photos("sample_data/photos.csv")
    train = table.only("train")
    done: list[tuple[int, int]] = []
    fit = fit_on_validation(
        model.predictor,
        table,
        batch_size=7,
        memory=True,
        on_batch=lambda count, total: done.append((count, total)),
    )
    outputs = list(model.predictor.outputs(train.files, batch_size=7))
    features = np.concatenate([own.features for own in outputs])
    assert fit.memory is not None
    np.testing.assert_array_equal(fit.memory.features, features.astype(np.float16))
    assert fit.memory.photos["photo"].equals(train.frame["photo"])
    everything = len(train) + len(table.only("val"))
    assert done[-1] == (everything, everything)
    kept = fit.applied_to(model.predictor.trained)
    assert kept.memory is fit.memory
    # A model that knows its training photos does not look at them again.
    assert fit.familiarity is model.predictor.familiarity
    again = fit_on_validation(model.predictor, table, batch_size=7)
    assert again.memory is None
    assert again.applied_to(kept).memory is fit.memory


def test_the_familiarity_of_a_model_is_that_of_its_training_photos(model: Model) -> None:
    train = gg.read_photos("sample_data/photos.csv").only("train")
    outputs = model.predictor.outputs(train.files, batch_size=7)
    expected = Familiarity.of(np.concatenate([own.pooled for own in outputs]))
    known = model.predictor.familiarity
    assert known is not None
    assert (known.photos, known.judged_by) == (len(train), "train")  # few validation photos
    np.testing.assert_allclose(known.mean, expected.mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(known.covariance, expected.covariance, rtol=1e-3, atol=1e-6)
