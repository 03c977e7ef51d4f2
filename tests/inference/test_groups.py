"""Groups of photos: products by brute force, whatever the order and the batches."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.inference.answering import Answering, Outputs
from geoguess_cli.inference.answers import Answer, Unanswered, answer_record
from geoguess_cli.inference.groups import Groups, grouped, groups_by, predict_groups, together
from geoguess_cli.inference.probabilities import softmax
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import Familiarity


def joined(batches) -> tuple[dict[int, np.ndarray], dict[int, str]]:
    """The logits and the failures of all groups; no group comes twice."""
    logits: dict[int, np.ndarray] = {}
    failures: dict[int, str] = {}
    for output in batches:
        for row, own in zip(output.rows.tolist(), output.logits, strict=True):
            assert row not in logits
            logits[row] = own
        for row, reason in output.failures:
            assert row not in failures
            failures[row] = reason
    return logits, failures


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.4, 1.0]), st.sampled_from([0.5, 1.0, 2.0]))
def test_probabilities_are_multiplied_and_scaled(seed: int, redundancy, temperature) -> None:
    rng = np.random.default_rng(seed)
    photos, number = int(rng.integers(1, 30)), int(rng.integers(1, 6))
    members = np.concatenate([np.arange(number), rng.integers(number, size=photos)])
    photos = len(members)
    logits = rng.normal(0, 3, (photos, 5)).astype(np.float32)
    order = rng.permutation(photos)
    read = rng.random(photos) < 0.8
    batches = [
        Outputs(
            (own := rows[read[rows]]),
            logits[own],
            [(int(row), f"{row} is bad") for row in rows[~read[rows]]],
        )
        for rows in np.array_split(order, 4)
    ]
    groups = Groups([str(g) for g in range(number)], members)
    sums, failures = joined(grouped(batches, groups, redundancy))
    assert set(sums) | set(failures) == set(range(number))
    for group in range(number):
        own = np.flatnonzero((members == group) & read)
        if not len(own):
            assert "is bad" in failures[group]
            continue
        product = np.ones(5)
        for row in own:  # by hand: the probabilities of each photo, multiplied
            each = np.exp(logits[row].astype(np.float64) / temperature)
            product *= each / each.sum()
        product **= len(own) ** -redundancy
        answer = softmax((sums[group] / np.float32(temperature))[None])[0]
        np.testing.assert_allclose(answer, product / product.sum(), rtol=2e-3, atol=1e-6)


def test_a_group_of_one_is_the_photo_itself() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (3, 4)).astype(np.float32)
    for redundancy in (0.0, 0.7, 1.0):
        groups = Groups(["a", "b", "c"], np.arange(3))
        sums, _ = joined(grouped([Outputs(np.arange(3), logits, [])], groups, redundancy))
        np.testing.assert_array_equal(np.stack([sums[row] for row in range(3)]), logits)


def test_groups_of_a_column(table_of) -> None:
    table = table_of([(0, 0)] * 5, sequence=["b", None, "a", "b", None])
    groups = groups_by(table, "sequence")
    assert groups.names == ["b", "1.jpg", "a", "4.jpg"]
    assert groups.members.tolist() == [0, 1, 2, 0, 3]
    assert groups.sizes.tolist() == [2, 1, 1, 1]
    numbers = groups_by(table_of([(0, 0)] * 3, place=[7, 8, 7]), "place")
    assert (numbers.names, numbers.members.tolist()) == (["7", "8"], [0, 1, 0])
    for column in ("place", "sequence"):
        with pytest.raises(PhotoTableError, match=f"no value in a column `{column}`"):
            groups_by(table_of([(0, 0)], sequence=[None]), column)


def test_all_photos_together_are_named_by_the_first() -> None:
    groups = together([Path(f"x/{name}.jpg") for name in "abcde"])
    assert list(groups.names) == ["a.jpg + b.jpg + c.jpg + 2 more"]
    assert groups.members.tolist() == [0] * 5


class StoredPredictor:
    """Answers photos with stored logits; photo 3 and photo 4 cannot be read."""

    def __init__(self, partition, logits: np.ndarray, redundancy: float) -> None:
        self.answering = Answering(partition, Decision(redundancy=redundancy))
        self.logits = logits

    def outputs(self, files, *, batch_size: int, workers: int):
        assert workers == 0
        for start in range(0, len(files), batch_size):
            rows = np.arange(start, min(start + batch_size, len(files)))
            good = rows[(rows < 3) | (rows > 4)]
            bad = [(int(row), f"{row} is bad") for row in rows if row in (3, 4)]
            yield Outputs(good, self.logits[good], bad)


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_answers_come_in_the_order_of_the_groups(partition, batch_size: int) -> None:
    logits = np.random.default_rng(1).normal(0, 2, (7, 4)).astype(np.float32)
    groups = Groups(["x", "y", "z"], np.array([0, 1, 1, 2, 0, 1, 0]))
    bad: list[str] = []
    answers = list(
        predict_groups(
            StoredPredictor(partition, logits, 0.5),
            [Path(f"{row}.jpg") for row in range(7)],
            groups,
            batch_size=batch_size,
            on_failure=bad.append,
        )
    )
    assert [answer.photo for answer in answers] == ["x", "y", "z"]
    assert [answer.photos for answer in answers] == [3, 3, 1]
    assert sorted(bad) == ["3 is bad", "4 is bad"]
    x, y, z = answers
    assert isinstance(x, Answer)
    assert isinstance(z, Unanswered)
    assert z.error == "3 is bad"
    expected = softmax((logits[[1, 2, 5]].sum(axis=0) / np.sqrt(3))[None])[0]
    np.testing.assert_allclose(y.probabilities, expected, rtol=1e-5)
    expected = softmax((logits[[0, 6]].sum(axis=0) / np.sqrt(2))[None])[0]
    np.testing.assert_allclose(x.probabilities, expected, rtol=1e-5)
    assert answer_record(x, partition)["photos"] == 3
    assert list(answer_record(x, partition)) == list(answer_record(z, partition))


def test_a_group_lies_where_its_middle_photo_does() -> None:
    """The distance of a group is the median of its photos', so it compares with that of a photo."""
    training = np.random.default_rng(1).normal(0, 1, (200, 3)).astype(np.float32)
    known = Familiarity.of(training)
    known = known.judged(known.distances_of(training), "val")
    pooled = np.array([[9, 0, 0], [0, 0, 0], [8, 0, 0], [0.1, 0, 0], [7, 0, 0]], dtype=np.float32)
    logits = np.zeros((5, 4), dtype=np.float32)
    batches = [
        Outputs(rows, logits[rows], [(5, "5 is bad")] if 0 in rows else [], pooled=pooled[rows])
        for rows in (np.array([0, 1, 3]), np.array([2, 4]))
    ]
    groups = Groups(["far", "near", "alone"], np.array([0, 0, 0, 1, 2, 1]))
    found: dict[int, float] = {}
    for output in grouped(batches, groups, 0.0, known):
        assert output.distances is not None
        found |= dict(zip(output.rows.tolist(), output.distances.tolist(), strict=True))
        near = output.likenesses(known)
        assert [own.unlike for own in near or ()] == [row != 1 for row in output.rows.tolist()]
    own = known.distances_of(pooled)
    assert found == {0: own[2], 1: own[3], 2: own[4]}
    assert all(output.distances is None for output in grouped(batches, groups, 0.0))
    assert all(output.likenesses(None) is None for output in batches)
