"""Views of a photo, joined as photos of one place are."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from answer_worlds import random_predictor, write_noise

from geoguess_cli.inference import views as module
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.inference.probabilities import softmax
from geoguess_cli.inference.views import ViewPredictor
from geoguess_cli.model.memory import directions
from geoguess_cli.photos.views import view_spec

VIEWS = 3


@pytest.fixture(scope="module")
def each() -> list[Predictor]:
    """A predictor of each view."""
    trained = random_predictor().trained
    return [
        Predictor(
            dataclasses.replace(trained, spec=view_spec(trained.spec, number)),
            device="cpu",
            precision="fp32",
        )
        for number in range(VIEWS)
    ]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_noise(tmp_path_factory.mktemp("views") / "photos")


@pytest.mark.parametrize("redundancy", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("held", [4, 512])
def test_an_answer_is_that_of_all_views(
    each: list[Predictor], paths: list[Path], redundancy: float, held: int, monkeypatch
) -> None:
    monkeypatch.setattr(module, "PHOTOS", held)
    predictor = ViewPredictor(each, redundancy=redundancy)
    answers = list(predictor.predict(paths, batch_size=5))
    assert [answer.row for answer in answers] == list(range(len(paths)))
    assert isinstance(answers[3], Unanswered)
    assert "is not a picture" in answers[3].error
    good = [path for row, path in enumerate(paths) if row != 3]
    logits = sum(
        np.concatenate([own.logits for own in one.outputs(good, batch_size=5)]) for one in each
    )
    expected = softmax(logits * VIEWS**-redundancy)
    found = np.stack([one.probabilities for one in answers if isinstance(one, Answer)])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    alone = np.stack([one.probabilities for one in each[0].predict(good)])  # type: ignore[union-attr]
    assert np.abs(found - alone).max() > 1e-4
    seen = {"views": VIEWS, "views_redundancy": redundancy}
    assert predictor.identity() == {**each[0].identity(), **seen}


def test_likeness_is_that_of_the_whole_photo_and_features_of_all(
    each: list[Predictor], paths: list[Path]
) -> None:
    (joined,) = ViewPredictor(each, redundancy=1.0).outputs(paths[:3])
    single = [next(iter(one.outputs(paths[:3]))) for one in each]
    np.testing.assert_array_equal(joined.pooled, single[0].pooled)
    mean = np.mean([directions(own.features) for own in single], axis=0)
    np.testing.assert_allclose(joined.features, mean, atol=1e-6)


def test_one_view_gives_what_the_model_gives(each: list[Predictor], paths: list[Path]) -> None:
    own = ViewPredictor(copy.copy(each[:1]), redundancy=0.4)
    for one, plain in zip(own.predict(paths), each[0].predict(paths), strict=True):
        if isinstance(one, Answer) and isinstance(plain, Answer):
            np.testing.assert_array_equal(one.probabilities, plain.probabilities)
        else:
            assert one == plain
