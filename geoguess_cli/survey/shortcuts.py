"""Shortcuts: small things of a drive that its photos' answers rest on, as a truck driven behind.

A spot that recurs at one place of the frame in a drive may still be a feature of the place: all of
its photos show the same road there. What tells them apart is an exchange of the spot's content
between photos, which leaves a natural photo (as in Goyal et al., "Counterfactual Visual
Explanations", arXiv 1904.07451). With what another photo of the drive shows there, the answer
should stay: it is the same thing to the model. With what *other drives of the same cell, and the
nearest other drives,* show there, it stays for a feature of the place, as soon as some of them
share it, and falls with all of them for a thing of the drive. A thing that two drives have, as
trucks of one make, still shows where it is missing from some photos of its own drive.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from geoguess_cli.occlusion.occlusion_map import Predict
from geoguess_cli.survey.recurrence import (
    RecurringSpot,
    other_drives,
    recurring_spots,
    rest_of_drive,
)
from geoguess_cli.survey.spots import RULES, Answered, Box, Rules, pasted

Exchange = Callable[[int, Box, Sequence[int]], "np.ndarray"]
"""Probabilities (k, c) of a photo whose box shows what each of the other photos shows there."""


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
        without: Share lost when it shows what some other photo of the drive shows there, the photo
            with which most is lost; NaN where there is none, or the spot does not decide in most
            photos of the drive.
        across: Share lost at least when it shows what other drives show there, whichever drive but
            for a few; NaN where fewer than two other drives are known.
        across_half: The same, whichever drive but for half of them.
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
    without: float
    across: float
    across_half: float
    others: tuple[int, ...]
    carried: float = float("nan")

    @property
    def score(self) -> float:
        """What the answer loses without the thing of this drive, beyond what any exchange costs.

        It must be lost with nearly all other drives, or with half of them and in the drive itself.
        """
        lost = self.across
        if np.isfinite(self.without):
            lost = max(lost, min(self.without, self.across_half))
        return lost - max(0.0, self.within)


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
    places = recurring_spots(answers, drives, rules)
    rng = np.random.default_rng(seed)
    compared = []
    for done, place in enumerate(places, start=1):
        others = other_drives(place, drives, cells, latlng, rules.drives, rng)
        rest = rest_of_drive(place, drives, rules.drives, rng)
        compared.append(_compared(place, answers, rest, others, exchange, rules))
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
    predict: Predict, image_of: Callable[[int], np.ndarray | None], *, batch_size: int = 32
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
        images = np.stack([pasted(image, one, box) for one in shown])
        starts = range(0, len(images), batch_size)
        told = [np.asarray(predict(images[at : at + batch_size])) for at in starts]
        return np.concatenate(told).astype(np.float64)

    return exchange


def _compared(
    place: RecurringSpot,
    answers: Mapping[int, Answered],
    rest: Sequence[int],
    others: Sequence[int],
    exchange: Exchange,
    rules: Rules,
) -> SharedSpot:
    taken = {row: 1 - s.covered / answers[row].probability for row, s in place.spots.items()}
    rows = sorted(taken, key=lambda row: (-taken[row], row))
    asked = rows[: rules.photos]
    within: list[float] = []
    for row in asked:
        within += _lost(row, [other for other in asked if other != row], place, answers, exchange)
    without = [_lost(row, rest, place, answers, exchange) for row in asked]
    across = [_lost(row, others, place, answers, exchange) for row in asked]
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
        without=float(np.median(without, axis=0).max()) if rest and without[0] else float("nan"),
        across=_lost_with_most(across, rules.share),
        across_half=_lost_with_most(across, 0.5),
        others=tuple(others),
    )


def _lost(
    row: int,
    sources: Sequence[int],
    place: RecurringSpot,
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
