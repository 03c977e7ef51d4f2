"""Shortcuts: small objects of a drive that its answers rest on, such as a truck in front.

A spot that recurs at one place of the frame in a drive may still be a feature of the place: all
photos of the drive show the same road there. To tell an object of the drive from a feature of the
place, photos exchange the content of the spot, which leaves natural photos (as in Goyal et al.,
"Counterfactual Visual Explanations", arXiv 1904.07451):

- The content comes from another photo of the drive: the answer should stay, because the model sees
  the same object.
- The content comes from *another drive of the same cell, or from one of the nearest drives*: the
  answer stays for a feature of the place, if some of these drives share it, and changes with all
  of them for an object of the drive.

If two drives have the object, such as trucks of one make, photos of the drive itself that lack the
object still reveal it.
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
"""Probabilities (k, c) of a photo whose box takes its content from each of k other photos."""


@dataclass(frozen=True)
class SharedSpot:
    """A deciding spot at one place of the frame in several photos of a drive.

    Attributes:
        drive: Number of the drive.
        cell_index: The cell that the photos are answered with.
        box: Its place in the frame.
        rows: Rows of the photos, the greatest drop first.
        drop: Median share of the answer's probability lost when the spot is covered.
        changed: Number of photos whose answer changes when the spot is covered.
        alone: Median share of the probability left when everything but the spot is covered.
        kept_alone: Number of photos whose answer stays when everything but the spot is covered.
        within: Median share lost when the content comes from another of these photos.
        without: Greatest share lost when the content comes from a photo of the drive without the
            spot; NaN if there is no such photo, or if the spot decides in less than most photos of
            the drive.
        across: Least share lost when the content comes from another drive, after the few drives
            with the least loss are left out; NaN if fewer than two other drives are known.
        across_half: The same after half of the drives are left out.
        others: Row of one photo of each of those other drives.
        carried: Mean rise of the cell's probability in photos of other cells when the spot is
            pasted into them; NaN if it was not tested.
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
        """Share lost without the object of this drive, beyond the cost of any exchange.

        The share must be lost with nearly all other drives, or with half of them and with photos of
        the drive itself.
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
    """The deciding spots that photos of a drive share, the highest score first.

    A spot that can be compared with fewer than two other drives has no score and comes last.

    Args:
        answers: The scanned photos, by their row.
        drives: Number of the drive of each row; -1 if it is unknown.
        cells: Index of the true cell of each row; -1 if it lies in none.
        latlng: Where each row was taken: latitude, longitude, in degrees.
        exchange: Runs the model on photos with exchanged spots.
        rules: The thresholds.
        seed: Seed for the choice of other photos.
        on_spot: Called with (spots compared, spots in all) after each spot.
    """
    places = recurring_spots(answers, drives, rules)
    rng = np.random.default_rng(seed)
    spots = []
    for done, place in enumerate(places, start=1):
        others = other_drives(place, drives, cells, latlng, rules.drives, rng)
        rest = rest_of_drive(place, drives, rules.drives, rng)
        spots.append(_compare(place, answers, rest, others, exchange, rules))
        if on_spot is not None:
            on_spot(done, len(places))
    return sorted(spots, key=lambda spot: -np.nan_to_num(spot.score, nan=-np.inf))


def suspects(spots: Sequence[SharedSpot], rules: Rules = RULES) -> list[SharedSpot]:
    """The spots whose score makes them suspects, in the order given."""
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
    """Mean rise of the cell's probability when the spot is pasted into photos of other cells.

    A spot that decides alone carries its answer to any photo: a copy/paste attack (Casper et al.,
    arXiv 2211.10024). The result is NaN if no photo could be tested.

    Args:
        spot: The spot; its content comes from the photo with the greatest drop.
        drives: Number of the drive of each row.
        cells: Index of the true cell of each row.
        exchange: Runs the model on photos with exchanged spots.
        photos: Greatest number of photos that the spot is pasted into.
        seed: Seed for their choice.
    """
    elsewhere = np.flatnonzero((cells != spot.cell_index) & (drives != spot.drive))
    targets = np.random.default_rng(seed).permutation(elsewhere)[:photos].tolist()
    rises = []
    for row in targets:
        probabilities = exchange(row, spot.box, [row, spot.rows[0]])
        if len(probabilities) == 2:
            before, after = probabilities[:, spot.cell_index]
            rises.append(float(after) - float(before))
    return float(np.mean(rises)) if rises else float("nan")


def exchanger(
    predict: Predict, image_of: Callable[[int], np.ndarray | None], *, batch_size: int = 32
) -> Exchange:
    """A function that runs the model on photos with exchanged spots.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        image_of: Reads a photo as the model sees it, by its row; None for a photo that cannot be
            read, which is left out.
        batch_size: Images that go through the model at once.
    """

    def exchange(row: int, box: Box, sources: Sequence[int]) -> Float[np.ndarray, "k c"]:
        image = image_of(row)
        contents = [content for content in map(image_of, sources) if content is not None]
        if image is None or not contents:
            return np.empty((0, 0))
        images = np.stack([pasted(image, content, box) for content in contents])
        starts = range(0, len(images), batch_size)
        batches = [np.asarray(predict(images[at : at + batch_size])) for at in starts]
        return np.concatenate(batches).astype(np.float64)

    return exchange


def _compare(
    place: RecurringSpot,
    answers: Mapping[int, Answered],
    rest: Sequence[int],
    others: Sequence[int],
    exchange: Exchange,
    rules: Rules,
) -> SharedSpot:
    """The shared spot of a place, with the losses of all its exchanges."""
    drops = {row: 1 - s.covered / answers[row].probability for row, s in place.spots.items()}
    rows = sorted(drops, key=lambda row: (-drops[row], row))

    def lost(row: int, sources: Sequence[int]) -> list[float]:
        """Share of a photo's probability lost when the box takes its content from each source."""
        whole, exchanged = answers[row].probability, exchange(row, place.box, sources)
        return [float(1 - one[place.cell_index] / whole) for one in exchanged]

    strongest = rows[: rules.photos]
    within: list[float] = []
    for row in strongest:
        within += lost(row, [other for other in strongest if other != row])
    without = [lost(row, rest) for row in strongest]
    across = [lost(row, others) for row in strongest]
    alone = [place.spots[row].alone / answers[row].probability for row in rows]
    return SharedSpot(
        drive=place.drive,
        cell_index=place.cell_index,
        box=place.box,
        rows=tuple(rows),
        drop=float(np.median(list(drops.values()))),
        changed=sum(s.covered_cell != place.cell_index for s in place.spots.values()),
        alone=float(np.median(alone)),
        kept_alone=sum(s.alone_cell == place.cell_index for s in place.spots.values()),
        within=float(np.median(within)) if within else float("nan"),
        without=float(np.median(without, axis=0).max()) if rest and without[0] else float("nan"),
        across=_lost_with_most(across, rules.share),
        across_half=_lost_with_most(across, 0.5),
        others=tuple(others),
    )


def _lost_with_most(lost: Sequence[Sequence[float]], share: float) -> float:
    """Least loss over the other drives, after some drives with the least loss are left out.

    Args:
        lost: The loss of each photo with each other drive.
        share: Share of the drives that are left out; their number is rounded down.
    """
    if not lost or len(lost[0]) < 2:
        return float("nan")
    by_drive = np.sort(np.median(lost, axis=0))
    return float(by_drive[int(share * len(by_drive))])
