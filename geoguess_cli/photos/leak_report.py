"""What the sides of a split share, and the verdict in words.

A model should be judged on places that it does not know. It knows a place in part when a drive or a
photo lies on both sides of the split, or when a training photo was taken nearby.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geoguess_cli.wording import counted

NEAR_KM = 1.0
"""A place nearer than this to a training photo counts as known. In OpenStreetView-5M, test photos
lie at least 1 km from training photos (Astruc et al., CVPR 2024)."""

BANDS_KM = {"0-1": NEAR_KM, "1-5": 5.0, "5-25": 25.0, ">25": float("inf")}
"""Upper ends, excluded, of the bands of distance to the nearest training photo."""

CROWDED_SHARE = 0.5
"""A side leaks if more than this share of its photos has no known sequence and lies near training
photos. In a random split of a dense table most photos do; in a split by S2 blocks 10 km wide, a
third of the photos lies within 1 km of an edge."""


@dataclass(frozen=True)
class Shared:
    """Sequences or creators with photos on two sides.

    Attributes:
        column: `sequence` or `creator`.
        between: The two sides.
        names: Number of shared sequences or creators.
        photos: Number of photos on the second side that belong to them.
        examples: Some of their names, the most photos on the second side first.
    """

    column: str
    between: tuple[str, str]
    names: int
    photos: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class DistanceToTrain:
    """Distances from the photos of a side to their nearest training photos.

    Attributes:
        side: `val` or `test`.
        photos: Number of photos.
        percentiles_km: Great-circle distance at the 5th, 25th, … percentile, in kilometres.
        bands: Number of photos in each of `BANDS_KM`.
        near_unknown: Number of photos nearer than 1 km whose sequence is unknown.
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
        photos: Number of photos on the second side that have a near-duplicate on the first.
        examples: Some of these photos, each with its near-duplicate and the number of bits of 256
            that differ; the most similar first.
    """

    between: tuple[str, str]
    photos: int
    examples: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class LeakReport:
    """What the sides of a split share.

    Attributes:
        splits: Number of photos on each side.
        set_aside: Number of photos on no side.
        known: The columns, of `sequence` and `creator`, that have values.
        shared: Shared sequences, then shared creators, of each pair of sides.
        distances: Distances of val and of test; empty without training photos.
        duplicates: Near-duplicates of each pair of sides; None if photos were not compared.
        unreadable: Photos that could not be read, each with the reason.
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
        """`leaking`; `close` if nothing is shared but places are near; or `clean`."""
        if self._leaks:
            return "leaking"
        return "close" if any(item.bands["0-1"] for item in self.distances) else "clean"

    @property
    def findings(self) -> list[str]:
        """The reasons for the level, in words. Shared creators alone are not a leak."""
        return {"leaking": self._leaks, "close": self._near, "clean": self._clean}[self.level]

    @property
    def advice(self) -> str:
        """The remedy, in words; empty for a clean split."""
        if self.level == "clean":
            return ""
        if self.level == "close":
            return (
                f"`geoguess data split --buffer-km {NEAR_KM:g}` sets aside the training "
                "photos that lie too near"
            )
        steps = []
        if self._divided("sequence"):
            steps.append("`geoguess data split --force --by sequence` keeps sequences whole")
        if self._crowded:
            steps.append(
                "`geoguess data split --force --by cell --buffer-km 1` separates the places"
            )
        if self.duplicates:
            steps.append("remove one photo of each near-duplicate pair from the table")
        return "; ".join(steps)

    @property
    def verdict(self) -> str:
        """The level and its reasons, in one line."""
        return f"{self.level}: {'; '.join(self.findings)}"

    def record(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        texts = {name: getattr(self, name) for name in ("level", "verdict", "advice")}
        return {**texts, **dataclasses.asdict(self)}

    @property
    def _leaks(self) -> list[str]:
        return self._divided("sequence") + self._twins + self._crowded

    def _divided(self, column: str) -> list[str]:
        return [
            f"{counted(item.names, column)} {_lie(item.names)} on both sides of "
            f"{' and '.join(item.between)} ({counted(item.photos, f'{item.between[1]} photo')})"
            for item in self.shared
            if item.column == column
        ]

    @property
    def _twins(self) -> list[str]:
        return [
            f"{counted(item.photos, f'{item.between[1]} photo')} "
            f"{'has' if item.photos == 1 else 'have'} a near-duplicate in {item.between[0]}"
            for item in self.duplicates or ()
        ]

    @property
    def _crowded(self) -> list[str]:
        return [
            f"{item.near_unknown / item.photos:.0%} of the {item.side} photos have no known "
            f"sequence and lie within {NEAR_KM:g} km of a training photo"
            for item in self.distances
            if item.near_unknown > CROWDED_SHARE * item.photos
        ]

    @property
    def _near(self) -> list[str]:
        return [
            f"{item.bands['0-1']:,} of {counted(item.photos, f'{item.side} photo')} "
            f"{_lie(item.bands['0-1'])} within {NEAR_KM:g} km of a training photo"
            for item in self.distances
            if item.bands["0-1"]
        ]

    @property
    def _clean(self) -> list[str]:
        *most, last = self.splits
        kinds = ["sequence"] if "sequence" in self.known else []
        if "creator" in self.known and not self._divided("creator"):
            kinds.append("creator")
        if self.duplicates is not None:
            kinds.append("near-duplicate photo")
        facts = []
        if kinds:
            facts.append(f"{', '.join(most)} and {last} share no {' and no '.join(kinds)}")
        if self.distances:
            sides = " or ".join(item.side for item in self.distances)
            facts.append(f"no {sides} photo lies within {NEAR_KM:g} km of a training photo")
        return facts or ["nothing is known that the photos could share"]


def _lie(number: int) -> str:
    return "lies" if number == 1 else "lie"
