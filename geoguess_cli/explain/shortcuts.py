"""Shortcuts: small things of a drive that its photos' answers rest on, as a truck driven behind.

A spot that recurs at one place of the frame in a drive may still be a feature of the place: all of
its photos show the same road there. What tells them apart is an exchange of the spot's content
between photos, which leaves a natural photo (as in Goyal et al., "Counterfactual Visual
Explanations", arXiv 1904.07451). With what another photo of the drive shows there, the answer
should stay: it is the same thing to the model. With what *other drives of the same cell, and the
nearest other drives,* show there, it stays for a feature of the place, as soon as some of them
share it, and falls with all of them for a thing of the drive.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from geoguess_cli.explain.occlusion import Predict
from geoguess_cli.explain.spots import Box, Spot, pasted
from geoguess_cli.geo.geodesy import great_circle_km

Exchange = Callable[[int, Box, Sequence[int]], "np.ndarray"]
"""Probabilities (k, c) of a photo whose box shows what each of the other photos shows there."""


@dataclass(frozen=True)
class Rules:
    """What makes a part of the frame a deciding spot, and a shared spot a suspect.

    Attributes:
        least_excess: How far the drop of a window must exceed the median of its map, as a share
            of the answer's probability.
        most_area: Greatest share of the frame that a spot may cover.
        least_drop: Share of the answer's probability that covering a spot must take, unless the
            answer changes.
        least_overlap: Intersection over union from which spots of two photos are at one place.
        least_photos: Photos of a drive in which a spot must decide.
        least_score: Score from which a shared spot is a suspect.
        photos: Photos of a drive that exchange a spot, at most.
        drives: Other drives that they exchange it with: of the same cell so many at most, and the
            nearest so many.
        share: Share of those drives that may show the same thing, below 1.
    """

    least_excess: float = 0.2
    most_area: float = 0.15
    least_drop: float = 0.25
    least_overlap: float = 1 / 3
    least_photos: int = 2
    least_score: float = 0.15
    photos: int = 4
    drives: int = 8
    share: float = 0.1


RULES = Rules()


@dataclass(frozen=True)
class Answered:
    """A photo's answer and the spots that were tested in it.

    Attributes:
        cell_index: The cell that is followed.
        probability: Its probability for the photo as it is.
        spots: Those that stand out of its occlusion map.
    """

    cell_index: int
    probability: float
    spots: Sequence[Spot]


@dataclass(frozen=True)
class SharedSpot:
    """A deciding spot at one place of the frame in several photos of a drive.

    Attributes:
        drive: The number of the drive.
        cell_index: The photos' answer.
        box: The place in the frame.
        rows: The photos, those with the greatest drop first.
        drop: Median share of the answer's probability that covering the spot takes.
        changed: Photos whose answer changes when it is covered.
        alone: Median share of the probability that is left when the spot alone is shown.
        kept_alone: Photos whose answer stays when the spot alone is shown.
        within: Median share lost when the spot shows what another of these photos shows there.
        across: Share lost at least when it shows what other drives show there, whichever drive but
            for a few; NaN where fewer than two other drives are known.
        others: A photo of each of those other drives.
        carried: Mean rise of the cell's probability in photos of other cells that the spot is
            pasted into; NaN where it was not asked.
    """

    drive: int
    cell_index: int
    box: Box
    rows: tuple[int, ...]
    drop: float
    changed: int
    alone: float
    kept_alone: int
    within: float
    across: float
    others: tuple[int, ...]
    carried: float = float("nan")

    @property
    def score(self) -> float:
        """What the answer loses without the thing of this drive, beyond what any exchange costs."""
        return self.across - max(0.0, self.within)


def decides(spot: Spot, answered: Answered, rules: Rules = RULES) -> bool:
    """Whether covering the spot alone changes the answer, or takes enough of its probability."""
    taken = 1 - spot.covered / answered.probability
    return spot.covered_cell != answered.cell_index or taken >= rules.least_drop


def shared_spots(
    answers: Mapping[int, Answered],
    drives: Int[np.ndarray, " n"],
    cells: Int[np.ndarray, " n"],
    latlng: Float[np.ndarray, "n 2"],
    exchange: Exchange,
    *,
    rules: Rules = RULES,
    seed: int = 0,
    on_spot: Callable[[int, int], None] | None = None,
) -> list[SharedSpot]:
    """The deciding spots that photos of a drive share, the likeliest shortcut first.

    Those with fewer than two other drives to compare with have no score, and come last.

    Args:
        answers: What is known of some photos, by their row.
        drives: The drive of each row, as a number; -1 where it is not known.
        cells: The true cell of each row; -1 where it lies in none.
        latlng: Where each row was taken: latitude, longitude, in degrees.
        exchange: The model at work on exchanged spots.
        rules: What counts.
        seed: Of the choice of other photos.
        on_spot: Called with (spots compared, spots in all).
    """
    places = _recurring(answers, drives, rules)
    rng = np.random.default_rng(seed)
    compared = []
    for done, place in enumerate(places, start=1):
        others = _other_drives(place, drives, cells, latlng, rules.drives, rng)
        compared.append(_compared(place, answers, others, exchange, rules))
        if on_spot is not None:
            on_spot(done, len(places))
    return sorted(compared, key=lambda spot: -np.nan_to_num(spot.score, nan=-np.inf))


def suspects(spots: Sequence[SharedSpot], rules: Rules = RULES) -> list[SharedSpot]:
    """Those whose score says that they are a thing of the drive, in the order given."""
    return [spot for spot in spots if spot.score >= rules.least_score]


def carried(
    spot: SharedSpot,
    drives: Int[np.ndarray, " n"],
    cells: Int[np.ndarray, " n"],
    exchange: Exchange,
    *,
    photos: int = 8,
    seed: int = 0,
) -> float:
    """Mean rise of the cell's probability in photos of other cells that the spot is pasted into.

    A spot that alone decides carries its answer anywhere: a copy/paste attack (Casper et al.,
    arXiv 2211.10024).

    Args:
        spot: Whose strongest photo is the source.
        drives: The drive of each row.
        cells: The true cell of each row.
        exchange: The model at work on exchanged spots.
        photos: How many are pasted into, at most.
        seed: Of their choice.
    """
    elsewhere = np.flatnonzero((cells != spot.cell_index) & (drives != spot.drive))
    chosen = np.random.default_rng(seed).permutation(elsewhere)[:photos].tolist()
    rises = []
    for row in chosen:
        told = exchange(row, spot.box, [row, spot.rows[0]])
        if len(told) == 2:
            before, after = told[:, spot.cell_index]
            rises.append(float(after) - float(before))
    return float(np.mean(rises)) if rises else float("nan")


def exchanger(
    predict: Predict, image_of: Callable[[int], torch.Tensor | None], *, batch_size: int = 32
) -> Exchange:
    """The model at work on exchanged spots.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image_of: A photo as the model sees it, by its row; None if it cannot be read, and then it
            is left out.
        batch_size: Images that go through the model at once.
    """

    def exchange(row: int, box: Box, sources: Sequence[int]) -> Float[np.ndarray, "k c"]:
        image = image_of(row)
        shown = [one for one in map(image_of, sources) if one is not None]
        if image is None or not shown:
            return np.empty((0, 0))
        images = torch.stack([pasted(image, one, box) for one in shown])
        told = [np.asarray(predict(batch)) for batch in images.split(batch_size)]
        return np.concatenate(told).astype(np.float64)

    return exchange


@dataclass(frozen=True)
class _Place:
    """A place of the frame at which photos of a drive have a deciding spot."""

    drive: int
    cell_index: int
    box: Box
    spots: dict[int, Spot]


def _recurring(
    answers: Mapping[int, Answered], drives: Int[np.ndarray, " n"], rules: Rules
) -> list[_Place]:
    """The places with a deciding spot in enough photos of one drive and one answer."""
    together: dict[tuple[int, int], list[tuple[int, Spot]]] = defaultdict(list)
    for row, answered in answers.items():
        if drives[row] >= 0:
            key = (int(drives[row]), answered.cell_index)
            together[key] += [(row, s) for s in answered.spots if decides(s, answered, rules)]
    found = []
    for (drive, cell_index), spots in sorted(together.items()):
        left = spots
        while True:
            place = _most_shared(left, rules.least_overlap)
            if len(place) < rules.least_photos:
                break
            box = place[next(iter(place))].box
            found.append(_Place(drive, cell_index, box, place))
            left = [(row, s) for row, s in left if s.box.overlap(box) < rules.least_overlap]
    return found


def _most_shared(spots: Sequence[tuple[int, Spot]], least_overlap: float) -> dict[int, Spot]:
    """The largest set of spots of different photos around one of them, which comes first."""
    best: dict[int, Spot] = {}
    for row, spot in spots:
        around = {row: spot}
        for other_row, other in spots:
            if other_row not in around and spot.box.overlap(other.box) >= least_overlap:
                around[other_row] = other
        if len(around) > len(best):
            best = around
    return best


def _other_drives(
    place: _Place,
    drives: Int[np.ndarray, " n"],
    cells: Int[np.ndarray, " n"],
    latlng: Float[np.ndarray, "n 2"],
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """One photo of each of so many other drives of the same cell, and of so many nearest ones."""
    # A photo of no known drive counts as a drive of its own.
    own = np.where(drives < 0, -1 - np.arange(len(drives)), drives)
    others = np.flatnonzero(drives != place.drive)
    here = np.broadcast_to(latlng[next(iter(place.spots))], (len(others), 2))
    nearest = others[np.argsort(great_circle_km(here, latlng[others]), kind="stable")]
    shuffled = rng.permutation(others)
    of_cell = _one_a_drive(shuffled[cells[shuffled] == place.cell_index], own, count)
    near = _one_a_drive(nearest, own, count)
    return of_cell + [row for row in near if own[row] not in own[of_cell]]


def _one_a_drive(rows: Int[np.ndarray, " m"], own: Int[np.ndarray, " n"], count: int) -> list[int]:
    """The first row of each drive, of the first so many drives."""
    _, first = np.unique(own[rows], return_index=True)
    return [int(row) for row in rows[np.sort(first)][:count]]


def _compared(
    place: _Place,
    answers: Mapping[int, Answered],
    others: Sequence[int],
    exchange: Exchange,
    rules: Rules,
) -> SharedSpot:
    taken = {row: 1 - s.covered / answers[row].probability for row, s in place.spots.items()}
    rows = sorted(taken, key=lambda row: (-taken[row], row))
    asked = rows[: rules.photos]
    within: list[float] = []
    across: list[list[float]] = []
    for row in asked:
        within += _lost(row, [other for other in asked if other != row], place, answers, exchange)
        across.append(_lost(row, others, place, answers, exchange))
    alone = [place.spots[row].alone / answers[row].probability for row in rows]
    return SharedSpot(
        drive=place.drive,
        cell_index=place.cell_index,
        box=place.box,
        rows=tuple(rows),
        drop=float(np.median(list(taken.values()))),
        changed=sum(s.covered_cell != place.cell_index for s in place.spots.values()),
        alone=float(np.median(alone)),
        kept_alone=sum(s.alone_cell == place.cell_index for s in place.spots.values()),
        within=float(np.median(within)) if within else float("nan"),
        across=_lost_with_most(across, rules.share),
        others=tuple(others),
    )


def _lost(
    row: int,
    sources: Sequence[int],
    place: _Place,
    answers: Mapping[int, Answered],
    exchange: Exchange,
) -> list[float]:
    """Share of a photo's probability lost when the box shows what each source shows there."""
    told = exchange(row, place.box, sources)
    if not len(told):
        return []
    return [float(1 - p / answers[row].probability) for p in told[:, place.cell_index]]


def _lost_with_most(lost: Sequence[Sequence[float]], share: float) -> float:
    """The least that is lost with any drive, but for a share of them (rounded down).

    Args:
        lost: For each photo what it loses with each other drive.
        share: Of the drives that are left out, those with which least is lost.
    """
    if not lost or len(lost[0]) < 2:
        return float("nan")
    by_drive = np.sort(np.median(lost, axis=0))
    return float(by_drive[int(share * len(by_drive))])
