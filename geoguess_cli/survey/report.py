"""The report of a survey: its results, and the names of photos, drives and cells in them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from geoguess_cli.evaluation.definitions import plain
from geoguess_cli.geo.partition import Partition
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.survey.attention import THIRDS
from geoguess_cli.survey.shortcuts import SharedSpot
from geoguess_cli.survey.survey import Survey

_SHARES = ("drop", "within", "without", "across", "across_half", "score", "alone", "carried")
"""Attributes of a shared spot in its record that may be undefined."""


@dataclass(frozen=True, eq=False)
class SurveyReport:
    """A survey of the photos of a split.

    Attributes:
        survey: The results.
        split: Name of the photos: train, val, test or all.
        model: Identity of the model, as `Predictor.identity` gives it.
        partition: The cells of the model.
        spec: What the model expects of an image.
    """

    survey: Survey
    split: str
    model: Mapping[str, Any]
    partition: Partition
    spec: ImageSpec

    def drive(self, spot: SharedSpot) -> str | None:
        """Name of the drive of a spot; None if it has none."""
        return self.survey.known.sequences[spot.rows[0]]

    def token(self, spot: SharedSpot) -> str:
        """Token of the cell that the photos of a spot are answered with."""
        return self.partition.tokens[spot.cell_index]

    def record(self) -> dict[str, Any]:
        """The report as plain JSON; `docs/metrics.md` defines every key.

        A number that is undefined is None.
        """
        survey, attention, plan = self.survey, self.survey.attention, self.survey.plan
        names = survey.known.names
        return {
            "split": self.split,
            "model": dict(self.model),
            "follow": plan.follow,
            "window": plan.window,
            "stride": plan.stride,
            "baselines": list(plan.baselines),
            "counts": {
                "photos": attention.photos,
                "sequences": attention.sequences,
                "failed": len(survey.failures),
                "shared_spots": len(survey.suspects) + len(survey.cleared),
                "suspects": len(survey.suspects),
            },
            "thirds": {third: plain(attention.thirds[third]) for third in THIRDS},
            "ninths": plain(attention.ninths),
            "profile": plain(attention.profile),
            "suspects": self._spots(survey.suspects),
            "cleared": self._spots(survey.cleared),
            "failures": [
                {"photo": names[row], "reason": reason} for row, reason in survey.failures
            ],
        }

    def _spots(self, spots: Sequence[SharedSpot]) -> list[dict[str, Any]]:
        size, names = self.spec.size, self.survey.known.names
        records = []
        for spot in spots:
            shares = {name: getattr(spot, name) for name in _SHARES}
            records.append(
                {
                    "sequence": self.drive(spot),
                    "token": self.token(spot),
                    "box": {name: pixel / size for name, pixel in asdict(spot.box).items()},
                    "area": spot.box.area / size**2,
                    "photos": [names[row] for row in spot.rows],
                    **{name: x if math.isfinite(x) else None for name, x in shares.items()},
                    "changed": spot.changed,
                    "kept_alone": spot.kept_alone,
                    "compared_with": [names[row] for row in spot.others],
                }
            )
        return records
