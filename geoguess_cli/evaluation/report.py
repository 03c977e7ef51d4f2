"""What `report.json` holds: the parts of `statistics`, put together for the photos of one split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from geoguess_cli.evaluation import breakdown
from geoguess_cli.evaluation import statistics as parts
from geoguess_cli.evaluation.definitions import Definition, keys, plain
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.evaluation.selective import CurvePoint


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many photos, cells and sequences there are; `docs/metrics.md` defines each."""

    photos: int
    covered: int
    cells: int
    sequences: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class Covered(parts.RightPlace, parts.Distances, parts.RightCell):
    """The statistics over the covered photos alone."""


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """The covered photos by how sure the model is, at temperature 1 and at the model's."""

    before: Sequence[parts.ReliabilityBin]
    after: Sequence[parts.ReliabilityBin]


@dataclass(frozen=True, kw_only=True)
class CalibrationReport:
    """Whether probabilities mean what they say, at temperature 1 and at the model's."""

    temperature: float
    before: parts.Scores
    after: parts.Scores
    reliability: Reliability


@dataclass(frozen=True, kw_only=True)
class CredibleReport(parts.CredibleSet):
    """The credible sets of one mass, over all photos and over the covered ones."""

    covered: parts.CredibleSet


@dataclass(frozen=True, kw_only=True)
class RiskReport(parts.RiskDistances, parts.RiskAreas):
    """What confidence says of errors."""

    covered: parts.RiskAreas
    curve: Sequence[CurvePoint]


@dataclass(frozen=True, kw_only=True)
class EstimateReport(parts.Distances):
    """A method of choosing the point estimate; `own` is true of the model's own method."""

    own: bool
    covered: parts.Distances


@dataclass(frozen=True, kw_only=True)
class ExpectedReport(parts.ExpectedDistance):
    """The expected distances, over all photos and over the covered ones."""

    covered: parts.ExpectedDistance


@dataclass(frozen=True, kw_only=True)
class RadiusReport(parts.Radius):
    """The 90 % radius, over all photos and over the covered ones."""

    covered: parts.Radius


@dataclass(frozen=True, kw_only=True)
class FrequencyOfCovered(parts.Distances, parts.Frequency):
    """The answer with the most frequent cell, over the covered photos."""


@dataclass(frozen=True, kw_only=True)
class FrequentCell(parts.Distances, parts.Frequency):
    """The score of always answering the most frequent cell of the training photos."""

    token: str
    covered: FrequencyOfCovered


@dataclass(frozen=True, kw_only=True)
class BestConstant(parts.Distances):
    """The one place with the least median distance, in degrees, and its scores."""

    latitude: Interval
    longitude: Interval
    covered: parts.Distances


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """The scores of answers that look at no photo."""

    chance: Interval
    most_frequent_cell: FrequentCell
    best_constant: BestConstant


@dataclass(frozen=True)
class Leaks:
    """What the photos share with the training photos, in words."""

    level: str
    verdict: str


@dataclass(frozen=True)
class Limited:
    """The region in which photos count: its name, how many were taken elsewhere, and the mean
    probability that the model gave to it before its answers were limited to it."""

    region: str
    elsewhere: int
    inside: float


@dataclass(frozen=True)
class Grouped:
    """Groups that count in place of photos: by which column, of how many photos, and how alike the
    photos of a group are taken to be as evidence."""

    by: str
    photos: int
    redundancy: float


@dataclass(frozen=True)
class Skipped:
    """A photo that could not be read, and why."""

    photo: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What was evaluated: the split, the model, how many photos."""

    split: str
    model: Mapping[str, Any]
    counts: Counts
    all: parts.RightCell
    covered: Covered


@dataclass(frozen=True, kw_only=True)
class Report(parts.LogLoss, parts.RightPlace, parts.Distances, parts.Overall, Subject):
    """The statistics of a model on a split; the path of an attribute is its key in `report.json`.

    >>> # report.covered.median_km.value is the value of "covered.median_km"
    """

    calibration: CalibrationReport
    credible: Mapping[str, CredibleReport]
    recall_area: Sequence[parts.Recall]
    risk_coverage: RiskReport
    abstention: Sequence[parts.Abstention]
    point_estimates: Mapping[str, EstimateReport]
    expected_km: ExpectedReport
    radius_90: RadiusReport
    baselines: Baselines
    by_state: Mapping[str, parts.Part]
    by_distance_to_train: Mapping[str, parts.Part] | None
    by_likeness: Mapping[str, parts.Part] | None
    by_level: Mapping[str, parts.Part]
    by_training_photos: Mapping[str, parts.Part]
    confusion: breakdown.Confusion
    leaks: Leaks | None
    limited: Limited | None
    grouped: Grouped | None
    skipped: Sequence[Skipped]
    absent: Mapping[str, str]

    def record(self) -> dict[str, Any]:
        """What `report.json` holds; `docs/metrics.md` defines every key."""
        record: dict[str, Any] = plain(self)
        return record


@dataclass(frozen=True)
class Compared:
    """A statistic that models are compared by: its name in a comparison, and its definition."""

    name: str
    definition: Definition


COMPARED = {
    own: Compared(name, definition)
    for key, definition in keys(Report)
    if definition is not None
    for own, name in definition.compared.items()
    if fnmatchcase(own, key)
}
"""The statistics that models are compared by, by their key in a report."""
