"""Answers without a training: the nearest training photos, by any numbers of each photo.

By the true parameters of the scenes they are the ceiling of a drawn world; by the features of an
encoder they are what these features know without a head.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ablation_training import Files, decided, digest_of_arrays, judged, processor_seconds
from ablation_worlds import World, all_parameters

from geoguess_cli.config import Config
from geoguess_cli.features.lookup import KeyedPhotos
from geoguess_cli.files import replacing
from geoguess_cli.training.feature_build import build_features

NEIGHBOURS = (1, 3, 10, 30, 100)
WIDTHS = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Of the kernel, in median distances to the tenth neighbour."""
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Of a group of parameters."""
FLOOR = 1e-3
"""Share of the probability that is spread over the cells by their training photos."""
SPLITS = ("train", "val", "test")

Groups = Mapping[str, np.ndarray]
"""Numbers of each photo by group: (photos, numbers)."""


@dataclass(frozen=True)
class Tuning:
    """What val chose.

    Attributes:
        weights: Of each group; distances are measured in groups of unit spread.
        neighbours: Number of training photos that answer.
        width: Of the kernel, see `WIDTHS`.
    """

    weights: Mapping[str, float]
    neighbours: int = 10
    width: float = 0.4


class NearestScenes:
    """The training photos nearest to each photo, and what they say of its cell.

    Args:
        train: Numbers of the training photos.
        cells: Cell of each training photo, 0 or more.
        count: Number of cells.
    """

    def __init__(self, train: Groups, cells: np.ndarray, count: int) -> None:
        spread = {name: values.std(axis=0) for name, values in train.items()}
        self._scales = {name: float(np.sqrt((own**2).sum())) or 1.0 for name, own in spread.items()}
        self._train, self._cells = train, cells
        self._prior = np.bincount(cells, minlength=count) / len(cells)

    def distances(self, photos: Groups, group: str) -> np.ndarray:
        """Squared distances of one group, (photos, training photos), in units of its spread."""
        own, others = (
            (of[group] / self._scales[group]).astype(np.float32) for of in (photos, self._train)
        )
        squares = (own**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * own @ others.T
        return np.maximum(squares, 0)

    def joint(self, photos: Groups, tuning: Tuning) -> np.ndarray:
        """Squared distances over all groups."""
        used = {name: weight for name, weight in tuning.weights.items() if weight}
        parts = (weight**2 * self.distances(photos, name) for name, weight in used.items())
        return np.asarray(sum(parts))

    def logits(self, squares: np.ndarray, tuning: Tuning) -> np.ndarray:
        """The logarithm of each cell's probability, by a kernel over the nearest neighbours."""
        count = min(tuning.neighbours, squares.shape[1])
        near = np.argpartition(squares, count - 1, axis=1)[:, :count]
        own = np.take_along_axis(squares, near, axis=1)
        tenth = np.partition(squares, min(9, squares.shape[1] - 1), axis=1)[:, 9:10]
        width = tuning.width**2 * max(float(np.median(tenth)), 1e-12)
        votes = np.exp(-(own - own.min(axis=1, keepdims=True)) / (2 * width))
        shares = np.zeros((len(squares), len(self._prior)))
        np.add.at(shares, (np.arange(len(squares))[:, None], self._cells[near]), votes)
        shares /= shares.sum(axis=1, keepdims=True)
        return np.log((1 - FLOOR) * shares + FLOOR * self._prior + 1e-9).astype(np.float32)


def tuned(scenes: NearestScenes, val: Groups, truths: np.ndarray) -> Tuning:
    """The tuning with the least log loss on val, each choice in turn, twice.

    Args:
        scenes: The training photos.
        val: Numbers of the val photos.
        truths: Their cells; -1 for a photo in no cell, which does not count.
    """
    squares = {name: scenes.distances(val, name) for name in val}
    covered = np.flatnonzero(truths >= 0)

    def loss(tuning: Tuning) -> float:
        parts = (tuning.weights[name] ** 2 * squares[name] for name in squares)
        joint = np.asarray(sum(parts))
        if not joint.any():
            return np.inf
        return float(-scenes.logits(joint, tuning)[covered, truths[covered]].mean())

    best = Tuning(dict.fromkeys(val, 1.0))
    if not len(covered):
        return best
    for _ in range(2):
        choices = [
            *({"neighbours": count} for count in NEIGHBOURS),
            *({"width": width} for width in WIDTHS),
        ]
        best = min((Tuning(**{**vars(best), **own}) for own in choices), key=loss)
        for name in val if len(val) > 1 else ():
            others = [
                Tuning(**{**vars(best), "weights": {**best.weights, name: weight}})
                for weight in WEIGHTS
            ]
            best = min(others, key=loss)
    return best


def answer_by_neighbours(
    world: World, name: str, numbers: Mapping[str, Groups], *, seconds: float = 0.0
) -> bool:
    """Keep the answers of the nearest training photos as a row; returns whether they were missing.

    Args:
        world: Photos and cells.
        name: Of the row.
        numbers: Of the photos of train, val and test.
        seconds: Processor seconds that the numbers took.
    """
    files = Files(world.folder, f"{name}-0")
    digest = digest_of_arrays(world, *(numbers["train"].values()))
    known = files.record()
    if known is not None and known["digest"] == digest:
        return False
    before = processor_seconds()
    tables = {split: world.table.only(split) for split in SPLITS}
    cells = world.partition.assign(tables["train"].latlng, uncovered="nearest")
    scenes = NearestScenes(numbers["train"], cells, len(world.partition))
    tuning = tuned(scenes, numbers["val"], world.partition.assign(tables["val"].latlng))
    squares = {split: scenes.joint(numbers[split], tuning) for split in ("val", "test")}
    logits = {split: scenes.logits(own, tuning) for split, own in squares.items()}
    decision = decided(logits["val"], tables["val"], world.partition)
    record = {
        "row": name,
        "seed": 0,
        "digest": digest,
        "steps": 0,
        "seconds": round(seconds + processor_seconds() - before, 1),
        "reading_seconds": 0.0,
        "temperature": decision.temperature,
        "point": decision.point,
        "tuning": vars(tuning),
    }
    arrays = judged(logits["test"], tables["test"], world.partition, decision)
    kept = {"val_logits": logits["val"], "test_logits": logits["test"], **arrays}
    files.write(record, kept)
    return True


def scene_parameters(world: World, workers: int) -> dict[str, dict[str, np.ndarray]]:
    """The true parameters of every scene of a drawn world, by group, for each split."""
    path = world.folder / "parameters.npz"
    if not path.is_file():
        names = world.table.frame["photo"].to_list()
        records = all_parameters(names, world.drives, workers)
        arrays = {group: _table([of[group] for of in records]) for group in records[0]}
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)
    with np.load(path) as kept:
        arrays = dict(kept)
    splits = world.table.frame["split"].to_numpy()
    return {
        split: {group: values[splits == split] for group, values in arrays.items()}
        for split in SPLITS
    }


def kept_features(world: World, config: Config) -> dict[str, dict[str, np.ndarray]]:
    """The features of every photo of each split, scaled to length 1, as one group."""
    (store,) = build_features(config, world.table).stores
    values = {}
    for split in SPLITS:
        own = store.read(KeyedPhotos(world.table.only(split).files).rows_in(store))
        own = own.astype(np.float32)
        values[split] = {"features": own / np.linalg.norm(own, axis=1, keepdims=True)}
    return values


def _table(records: Sequence[Mapping[str, float]]) -> np.ndarray:
    """One row a record, one column a name; a name that a record lacks is 0."""
    names = sorted({name for record in records for name in record})
    return np.array([[record.get(name, 0.0) for name in names] for record in records])
