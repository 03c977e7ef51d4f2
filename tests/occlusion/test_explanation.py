"""Photos explained one after the other, by a predictor that reads the brightness of a corner."""

from pathlib import Path

import numpy as np
import pytest

from geoguess_cli.errors import CellError, ConfigError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Answering, Looked
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.occlusion.explanation import (
    Explanation,
    Plan,
    Unexplained,
    explain_photos,
)
from geoguess_cli.occlusion.faithfulness import curve_passes
from geoguess_cli.occlusion.targets import Question
from geoguess_cli.photos.images import ImageSpec, decode_photo

PLAN = Plan(window=8, stride=4, steps=4, random_orders=3, batch_size=64)


class CornerReader(Predictor):
    """The brighter the upper left corner, the likelier the first cell."""

    partition = None
    spec = ImageSpec(32, (0.0,) * 3, (1.0,) * 3, resize="crop")

    def __init__(self, partition: Partition) -> None:
        self.partition, self.answering = partition, Answering(partition)

    def read(self, photo: Path) -> np.ndarray:
        pixels = np.asarray(decode_photo(photo).resize((32, 32)), dtype=np.float32) / 255
        return pixels.transpose(2, 0, 1)

    @property
    def for_windows(self):  # type: ignore[no-untyped-def]
        return self.probabilities

    def look(self, images: np.ndarray) -> Looked:
        logits = np.log(np.maximum(self.probabilities(images), 1e-30))
        return Looked(logits, logits[:, :1], logits[:, :1])

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        first = images[:, :, :8, :8].mean(axis=(1, 2, 3)).clip(0, 1)
        rest = np.repeat((1 - first)[:, None] / (len(self.partition) - 1), len(self.partition), 1)
        rest[:, 0] = first
        return rest.astype(np.float32)


@pytest.fixture
def reader(states: Partition) -> CornerReader:
    return CornerReader(states)


@pytest.fixture
def photo(white_photo: Path) -> Path:
    return white_photo


def explained(reader, photos, question=Question(), plan=PLAN, **options):  # type: ignore[no-untyped-def]  # noqa: B008
    return list(explain_photos(reader, photos, question, plan, **options))


def test_the_top_cell_is_followed_and_judged(reader, photo) -> None:  # type: ignore[no-untyped-def]
    (one,) = explained(reader, [photo])
    assert isinstance(one, Explanation)
    assert one.resize == "crop"
    assert one.occlusion.value == 1.0
    assert one.occlusion.drop[:4, :4] == pytest.approx(np.ones((4, 4)))
    assert not one.occlusion.drop[12:, 12:].any()
    assert one.faithfulness is not None
    assert len(one.faithfulness.random) == 3
    token = reader.partition.tokens[0]
    assert one.occlusion.target.name.startswith(f"cell {token} (")
    assert one.occlusion.target.name.endswith(", US)")


def test_other_questions(reader, photo, states) -> None:  # type: ignore[no-untyped-def]
    truth = tuple(states.centroids[3].tolist())
    token = states.tokens[5]
    near = (float(truth[0]), float(truth[1]))
    for question, cells in (
        (Question("truth"), [3]),
        (Question(token), [5]),
        (Question("region", near=near, radius_km=40.0), states.near(np.array(near), 40.0)),
        (Question("region", near="truth", radius_km=40.0), states.near(np.array(near), 40.0)),
        (Question("region", radius_km=0.0), [0]),
        (Question("distance", near="truth"), range(len(states))),
    ):
        plan = Plan(window=16, stride=16, steps=0)
        (one,) = explained(reader, [photo], question, plan, truths=[truth])
        assert one.occlusion.target.cells.tolist() == list(cells)
        assert one.faithfulness is None


def test_the_answer_stays_where_it_is_while_parts_are_covered(reader, photo, states) -> None:  # type: ignore[no-untyped-def]
    (one,) = explained(reader, [photo], Question("distance"))
    target = one.occlusion.target
    assert int(target.weights.argmin()) == 0  # from the centroid of the likeliest cell
    assert target.weights[0] == pytest.approx(np.sqrt(states.area_km2[0] / np.pi / 2), rel=1e-4)
    assert one.occlusion.drop[0, 0] > 100  # covered, the answer is farther from the truth


def test_one_photo_that_fails_does_not_end_the_others(reader, photo, tmp_path) -> None:  # type: ignore[no-untyped-def]
    broken, sea = tmp_path / "broken.jpg", (0.0, -150.0)
    broken.write_bytes(b"no photo")
    truth = tuple(reader.partition.centroids[0].tolist())
    found = explained(
        reader,
        [broken, photo, photo, photo],
        Question("truth"),
        truths=[truth, None, sea, truth],
    )
    misses, hit = found[:3], found[3]
    assert all(isinstance(miss, Unexplained) for miss in misses)
    assert misses[0].error.count(str(broken)) == 1
    assert misses[1].error.startswith(f"{photo}: ")
    assert "--truth LAT,LON" in misses[1].error
    assert "no cell" in misses[2].error
    assert isinstance(hit, Explanation)


def test_what_fails_for_every_photo_is_said_at_once(reader, photo) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CellError, match="4c"):
        explained(reader, [photo], Question("4c"))
    with pytest.raises(ConfigError, match="window is 99"):
        explained(reader, [photo], plan=Plan(window=99))


@pytest.mark.parametrize(
    ("what", "measure"), [("distance", "probability"), ("top", "km"), ("region", "km")]
)
def test_a_question_whose_measure_does_not_fit(what: str, measure) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=r"km|kilometres"):
        Question(what, measure=measure)


def test_progress_counts_map_and_curves(reader, photo) -> None:  # type: ignore[no-untyped-def]
    progress: list[tuple[int, int]] = []
    plan = Plan(window=8, stride=4, steps=4, random_orders=3, baselines=("mean", "blur"))
    explained(reader, [photo], plan=plan, on_batch=lambda *both: progress.append(both))
    total = 2 * 49 + curve_passes(4, 3)
    assert {last for _, last in progress} == {total}
    done = [done for done, _ in progress]
    assert done == sorted(done)
    assert done[-1] == total
