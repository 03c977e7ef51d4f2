"""From logits to answers without a network."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import scipy.special
import shapely

from geoguess_cli.choices import OF_PROBABILITIES
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.geo.regions import Region, find_region
from geoguess_cli.inference.answering import Answering, Outputs
from geoguess_cli.inference.answers import answer_record, answer_row, guesses, row_schema
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.memory import Memory

LOGITS = np.random.default_rng(0).normal(0, 3, (3, 4)).astype(np.float32)


def test_probabilities_follow_the_temperature(partition: Partition) -> None:
    answering = Answering(partition, Decision(temperature=2.5))
    expected = scipy.special.softmax(LOGITS.astype(np.float64) / 2.5, axis=1)
    np.testing.assert_allclose(answering.probabilities(LOGITS), expected, rtol=1e-5)


def test_a_batch_answers_as_each_photo_alone(partition: Partition) -> None:
    answering = Answering(partition)
    probabilities = answering.probabilities(LOGITS)
    together = answering.answers(probabilities, ["a", "b", "c"], rows=[7, 8, 9])
    assert [(answer.row, answer.photo) for answer in together] == [(7, "a"), (8, "b"), (9, "c")]
    for own, answer in zip(probabilities, together, strict=True):
        alone = answering.answer(own)
        assert (alone.row, alone.photo) == (0, "")
        assert (alone.estimate, alone.place) == (answer.estimate, answer.place)
        assert alone.expected_km == pytest.approx(answer.expected_km, rel=1e-6)
        assert alone.radius_90_km == pytest.approx(answer.radius_90_km, rel=1e-6)


def test_an_answer_names_the_likeliest_town(partition: Partition, cell_of, towns) -> None:
    probabilities = np.zeros(4, dtype=np.float32)
    probabilities[cell_of["Boise"]], probabilities[cell_of["Austin"]] = 0.75, 0.25
    answer = Answering(partition).answer(probabilities, photo="p.jpg", min_confidence=0.75)
    assert answer.sure
    assert answer.estimate == pytest.approx(towns["Boise"])
    assert answer.place == locate(np.array([answer.estimate]))[0]
    assert answer.confidence == 0.75
    assert not Answering(partition).answer(probabilities, min_confidence=0.76).sure


def test_the_decision_chooses_the_point_unless_one_is_given(partition: Partition) -> None:
    probabilities = Answering(partition).probabilities(LOGITS / 10)
    decided = Answering(partition, Decision(point="distance"))
    np.testing.assert_array_equal(
        decided.estimates(probabilities), Answering(partition).estimates(probabilities, "distance")
    )
    (answer,) = decided.answers(probabilities[:1], ["a"], point="cluster")
    assert answer.estimate == tuple(decided.estimates(probabilities[:1], "cluster")[0])


def test_an_answer_says_how_near_its_photo_lies_to_the_training_photos(
    partition: Partition,
) -> None:
    training = np.random.default_rng(1).normal(0, 1, (200, 3)).astype(np.float32)
    known = Familiarity.of(training)
    known = known.judged(known.distances_of(training), "val")
    answering = Answering(partition, familiarity=known)
    pooled = np.array([[0, 0, 0], [9, 0, 0], [0, 0, 0.1]], dtype=np.float32)
    probabilities = answering.probabilities(LOGITS)
    likenesses = Outputs(np.arange(3), LOGITS, [], pooled=pooled).likenesses(known)
    answers = answering.answers(probabilities, ["a", "b", "c"], likenesses=likenesses)
    assert [answer.likeness for answer in answers] == known.likenesses(pooled)
    assert [answer.unlike for answer in answers] == [False, True, False]
    assert all(answer.sure for answer in answers)
    careful = answering.answers(
        probabilities, ["a", "b", "c"], likenesses=likenesses, unlike_is_unsure=True
    )
    assert [answer.sure for answer in careful] == [True, False, True]
    assert answering.answer(probabilities[1], pooled=pooled[1]).likeness == answers[1].likeness
    # Logits alone are enough for an answer, which then says nothing of its photo.
    assert answering.answer(probabilities[0], unlike_is_unsure=True).likeness is None
    assert Answering(partition).answer(probabilities[0], pooled=pooled[0]).likeness is None


def test_an_answer_names_training_photos_where_the_model_carries_them(
    partition: Partition,
) -> None:
    features = np.eye(4, dtype=np.float32)
    frame = pl.DataFrame({"photo": list("abcd"), "latitude": 45.0, "longitude": -110.0})
    answering = Answering(partition, memory=Memory.of(features, frame))
    (probabilities, *_) = answering.probabilities(LOGITS)
    answer = answering.answer(probabilities, features=features[2])
    assert answer.neighbours is not None
    assert [one.photo for one in answer.neighbours] == ["c", "a", "b"]
    assert answering.answer(probabilities).neighbours is None
    assert Answering(partition).answer(probabilities, features=features[2]).neighbours is None
    with pytest.raises(ModelError, match="calibrate --memory"):
        Answering(partition).answers(probabilities[None], ["a"], neighbours=2)


def test_the_place_of_training_photos_is_an_answer_like_the_others(partition: Partition) -> None:
    features = np.eye(4, dtype=np.float32)
    latlng = partition.centroids + np.array([0.02, 0.01])
    frame = pl.DataFrame(
        {"photo": list("abcd"), "latitude": latlng[:, 0], "longitude": latlng[:, 1]}
    )
    memory = Memory.of(features, frame)
    answering = Answering(partition, Decision(point="neighbours"), memory=memory)
    probabilities = np.array([0.1, 0.7, 0.1, 0.1], dtype=np.float32)
    answer = answering.answer(probabilities, features=features[2])
    assert answer.estimate == tuple(latlng[1])
    assert answer.radius_90_km > answer.expected_km > 0
    with pytest.raises(ModelError, match="only its probabilities are known; choose centroid or"):
        answering.answer(probabilities)
    # A model whose memory was taken away says what to do.
    with pytest.raises(ModelError, match="alone chooses another method"):
        Answering(partition, Decision(point="neighbours")).answer(
            probabilities, features=features[2]
        )


def test_answering_needs_no_torch() -> None:
    script = "import sys, geoguess_cli.inference.answering; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == ("False", "")


@pytest.mark.parametrize("point", OF_PROBABILITIES)
def test_every_point_of_a_limited_answer_lies_in_its_region(partition, point) -> None:
    ring = shapely.box(-125, 28, -95, 49).difference(shapely.box(-119, 31, -98, 46))
    for region in (Region("ring", ring), find_region("Montana, US"), find_region("-117,20,-97,46")):
        cells = cut_partition(partition, region)
        answering = Answering(cells, Decision(temperature=1.5))
        logits = np.random.default_rng(2).normal(0, 3, (40, len(partition))).astype(np.float32)
        probabilities, inside = answering.weighed(logits)
        whole = Answering(partition, Decision(temperature=1.5)).probabilities(logits)
        np.testing.assert_allclose(inside, whole[:, cells.kept] @ cells.shares, rtol=1e-5)
        expected = whole[:, cells.kept] * cells.shares / inside[:, None]
        np.testing.assert_allclose(probabilities, expected, rtol=1e-4, atol=1e-6)
        answers = answering.answers(probabilities, [""] * 40, point=point, inside=inside)
        places = [answer.estimate for answer in answers]
        places += [(g.latitude, g.longitude) for a in answers for g in guesses(a, cells)]
        assert region.holds(np.array(places)).all()
        assert {answer.region for answer in answers} == {region.name}
        assert [answer.inside for answer in answers] == inside.tolist()
        record = answer_record(answers[0], cells)
        assert (record["within"], record["inside"]) == (region.name, inside[0])
        assert set(row_schema(cells)) == set(answer_row(answers[0], cells))
