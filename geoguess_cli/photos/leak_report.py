"""What was found to be shared between the sides of a split, and the verdict in words.

A model is asked for figures that hold where it has not been. It has been there, in part, when a
drive lies on both sides, when a photo does, or when the next training photo stands across the road.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NEAR_KM = 1.0
"""Closer than this to a training photo, a place counts as seen (as in OpenStreetView-5M, whose test
photos lie at least 1 km from its training photos; Astruc et al., CVPR 2024)."""

BANDS_KM = {"0-1": NEAR_KM, "1-5": 5.0, "5-25": 25.0, ">25": float("inf")}
"""Bands of distance to the nearest training photo, each by its upper end, which it excludes."""

MOST = 0.5
"""Where drives are unknown, photos next to training photos count as a leak above this share of
their side. At random most photos of a dense table are; between whole S2 blocks 10 km wide, those
within 1 km of an edge make up a third."""


@dataclass(frozen=True)
class Shared:
    """Sequences or creators with photos on two sides.

    Attributes:
        column: `sequence` or `creator`.
        between: The two sides.
        names: How many are shared.
        photos: Photos of the second side that belong to them.
        examples: Some of them, those with most photos on the second side first.
    """

    column: str
    between: tuple[str, str]
    names: int
    photos: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class DistanceToTrain:
    """How far the photos of a side lie from their nearest training photo.

    Attributes:
        side: `val` or `test`.
        photos: How many photos.
        percentiles_km: Great-circle distance at the 5th, 25th, … percentile, in kilometres.
        bands: Number of photos in each of `BANDS_KM`.
        near_unknown: Photos nearer than 1 km of which the sequence is not known.
    """

    side: str
    photos: int
    percentiles_km: Mapping[str, float]
    bands: Mapping[str, int]
    near_unknown: int


@dataclass(frozen=True)
class NearDuplicates:
    """Photos that look the same on two sides.

    Attributes:
        between: The two sides.
        photos: Photos of the second side that have a near-duplicate on the first.
        examples: Some of them: photo of the second side, its near-duplicate, bits of 256 that
            differ; the most alike first.
    """

    between: tuple[str, str]
    photos: int
    examples: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class LeakReport:
    """What the sides of a split share.

    Attributes:
        splits: Photos of each side.
        set_aside: Photos on no side.
        known: Which of `sequence` and `creator` any photo has.
        shared: Sequences, then creators, of each two sides that share any.
        distances: Of val and test, where there is train.
        duplicates: Of each two sides that share any; None where photos were not looked at.
        unreadable: Photos that could not be looked at, each with the reason.
    """

    splits: Mapping[str, int]
    set_aside: int
    known: tuple[str, ...]
    shared: tuple[Shared, ...]
    distances: tuple[DistanceToTrain, ...]
    duplicates: tuple[NearDuplicates, ...] | None
    unreadable: tuple[tuple[str, str], ...]

    @property
    def level(self) -> str:
        """`leaking`, `close` where nothing is shared but places are near, or `clean`."""
        if self._leaks:
            return "leaking"
        return "close" if any(of.bands["0-1"] for of in self.distances) else "clean"

    @property
    def findings(self) -> list[str]:
        """What the level rests on, in words. Shared creators alone are no leak: see `shared`."""
        if self.level == "leaking":
            return self._leaks
        return self._near if self.level == "close" else self._nothing

    @property
    def advice(self) -> str:
        """What to do about it; empty for a clean split."""
        if self.level == "clean":
            return ""
        if self.level == "close":
            return (
                f"`geoguess data split --buffer-km {NEAR_KM:g}` sets aside the training "
                "photos that lie too near"
            )
        steps = []
        if self._torn("sequence"):
            steps.append("`geoguess data split --force --by sequence` keeps sequences whole")
        if self._crowded:
            steps.append("`geoguess data split --force --by cell --buffer-km 1` parts the places")
        if self.duplicates:
            steps.append("remove one photo of each near-duplicate pair from the table")
        return "; ".join(steps)

    @property
    def verdict(self) -> str:
        """The level and what it rests on, in one line."""
        return f"{self.level}: {'; '.join(self.findings)}"

    def record(self) -> dict[str, Any]:
        """The report in plain values, ready for JSON."""
        words = {name: getattr(self, name) for name in ("level", "verdict", "advice")}
        return {**words, **dataclasses.asdict(self)}

    @property
    def _leaks(self) -> list[str]:
        return self._torn("sequence") + self._twins + self._crowded

    def _torn(self, column: str) -> list[str]:
        return [
            f"{_count(of.names, column)} {_lie(of.names)} on both sides of "
            f"{' and '.join(of.between)} ({_count(of.photos, f'{of.between[1]} photo')})"
            for of in self.shared
            if of.column == column
        ]

    @property
    def _twins(self) -> list[str]:
        return [
            f"{_count(of.photos, f'{of.between[1]} photo')} {'has' if of.photos == 1 else 'have'} "
            f"a near-duplicate in {of.between[0]}"
            for of in self.duplicates or ()
        ]

    @property
    def _crowded(self) -> list[str]:
        return [
            f"{of.near_unknown / of.photos:.0%} of the {of.side} photos are of no known sequence "
            f"and lie within {NEAR_KM:g} km of a training photo"
            for of in self.distances
            if of.near_unknown > MOST * of.photos
        ]

    @property
    def _near(self) -> list[str]:
        return [
            f"{of.bands['0-1']:,} of {_count(of.photos, f'{of.side} photo')} "
            f"{_lie(of.bands['0-1'])} within {NEAR_KM:g} km of a training photo"
            for of in self.distances
            if of.bands["0-1"]
        ]

    @property
    def _nothing(self) -> list[str]:
        *most, last = self.splits
        kinds = ["sequence"] if "sequence" in self.known else []
        if "creator" in self.known and not self._torn("creator"):
            kinds.append("creator")
        if self.duplicates is not None:
            kinds.append("near-duplicate photo")
        facts = []
        if kinds:
            facts.append(f"{', '.join(most)} and {last} share no {' and no '.join(kinds)}")
        if self.distances:
            sides = " or ".join(of.side for of in self.distances)
            facts.append(f"no {sides} photo lies within {NEAR_KM:g} km of a training photo")
        return facts or ["nothing is known that the photos could share"]


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _lie(number: int) -> str:
    return "lies" if number == 1 else "lie"
