"""Whether a photo is like those that a model learned from, by what the backbone makes of it.

The distance of a photo is the Mahalanobis distance of its pooled values x from the training photos,
√((x − m)ᵀ C⁻¹ (x − m)) with their mean m and covariance C. The covariance is shrunk towards a
multiple of the identity as far as Ledoit and Wolf say (Journal of Multivariate Analysis 88, 2004).
One covariance for all training photos tells other photos as well as one about the mean of each cell
does (Lee et al., arXiv 1807.03888), and it needs no cells.

A distance means little by itself. Its percentile is the share of photos that lie nearer, among
photos of the same kind that the mean and the covariance do not know.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Float64
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save

from geoguess_cli.errors import SENSELESS, ModelError

FAMILIARITY_NAME = "familiarity.safetensors"
"""Its file in a model folder."""

FORMAT = 1
"""Number of the file's layout; raise it with a change that older versions would misread."""

UNLIKE_PERCENTILE = 95.0
"""A photo with a greater percentile is unlike the training photos."""

MIN_SHRINKAGE = 1e-3
"""Least shrinkage. A value that no training photo has moved would count without limit."""

MISSING = (
    "the model has no statistics of its training photos, so no answer says whether a photo is "
    "unlike them; `geoguess calibrate` adds them"
)

_REMEDY = "delete the file, and `geoguess calibrate` writes it again"
_METADATA_KEY = "geoguess.familiarity"
_RANKS = 1001
_DAMAGED: tuple[type[Exception], ...] = (SafetensorError, *SENSELESS)

JudgedBy = Literal["val", "train"]
"""The photos behind percentiles: validation photos, or training photos left out in turn."""

_JUDGES: dict[JudgedBy, str] = {
    "val": "validation photos",
    "train": "training photos left out in turn (there were too few validation photos)",
}


@dataclass(frozen=True)
class KnownPhotos:
    """The photos behind a `Familiarity`: how many give its mean and covariance, how many judge."""

    photos: int
    judges: int
    judged_by: JudgedBy


@dataclass(frozen=True)
class Likeness:
    """How near a photo lies to the training photos.

    Attributes:
        distance: Its distance, 0 or more, without a unit.
        percentile: Share of photos of the same kind that lie nearer, in [0, 100].
        judged_by: Which photos these are.
    """

    distance: float
    percentile: float
    judged_by: JudgedBy = "val"

    @property
    def unlike(self) -> bool:
        """Whether the photo is unlike the training photos: above `UNLIKE_PERCENTILE`."""
        return self.percentile > UNLIKE_PERCENTILE

    @property
    def in_words(self) -> str:
        """How near it lies, as the end of a sentence about the photo."""
        if not self.unlike:
            return "like the training photos"
        others = "all" if self.percentile == 100 else f"{int(10 * self.percentile) / 10:g} % of"
        judges = _JUDGES[self.judged_by]
        return f"unlike the training photos: farther from them than {others} {judges}"


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What is known of the pooled values of training photos, and of the distances of others.

    Args:
        mean: Mean over the training photos.
        covariance: Their covariance, shrunk.
        photos: Number of training photos behind both.
        distances: Distances of photos behind neither, ascending: all, or 1,001 quantiles of them.
        judges: Number of those photos; 0 before any is known.
        judged_by: Which photos they are.
    """

    mean: Float64[np.ndarray, " p"]
    covariance: Float64[np.ndarray, "p p"]
    photos: int
    distances: Float64[np.ndarray, " q"]
    judges: int = 0
    judged_by: JudgedBy = "val"

    @property
    def known(self) -> KnownPhotos:
        """The photos behind it."""
        return KnownPhotos(self.photos, self.judges, self.judged_by)

    @classmethod
    def of(cls, pooled: Float[np.ndarray, "n p"]) -> "Familiarity":
        """What training photos give; `judged` adds the distances.

        Args:
            pooled: The pooled values of the training photos, at least 2.
        """
        mean = _stored(pooled.mean(axis=0, dtype=np.float64))
        covariance = _stored(shrunk_covariance(pooled - mean))
        return cls(mean, covariance, len(pooled), np.empty(0))

    def judged(self, distances: Float[np.ndarray, " n"], judged_by: JudgedBy) -> "Familiarity":
        """The same training photos, with percentiles among these distances."""
        kept = np.sort(distances.astype(np.float64))
        if len(kept) > _RANKS:
            kept = np.quantile(kept, np.linspace(0, 1, _RANKS))
        return replace(self, distances=_stored(kept), judges=len(distances), judged_by=judged_by)

    def distances_of(self, pooled: Float[np.ndarray, "b p"]) -> Float64[np.ndarray, " b"]:
        """The distance of each photo from the training photos, 0 or more, without a unit.

        Args:
            pooled: The pooled values of the photos.
        """
        whitened = (pooled - self.mean) @ self._whitening.T
        return _stored(np.linalg.norm(whitened, axis=1))

    def percentiles(self, distances: Float64[np.ndarray, " b"]) -> Float64[np.ndarray, " b"]:
        """The share of the judging photos that lie nearer than each distance, in [0, 100]."""
        nearer = np.searchsorted(self.distances, distances)
        return np.asarray(100.0 * nearer / max(1, len(self.distances)))

    def likenesses(self, pooled: Float[np.ndarray, "b p"]) -> list[Likeness]:
        """How near each photo lies to the training photos.

        Args:
            pooled: The pooled values of the photos.
        """
        return self.likenesses_at(self.distances_of(pooled))

    def likenesses_at(self, distances: Float64[np.ndarray, " b"]) -> list[Likeness]:
        """The same of photos whose distances are known."""
        pairs = zip(distances.tolist(), self.percentiles(distances).tolist(), strict=True)
        return [Likeness(*pair, judged_by=self.judged_by) for pair in pairs]

    @cached_property
    def _whitening(self) -> Float64[np.ndarray, "p p"]:
        """The inverse of the lower triangle L in C = L Lᵀ."""
        try:
            return np.asarray(np.linalg.inv(np.linalg.cholesky(self.covariance)))
        except np.linalg.LinAlgError as error:
            raise ModelError(
                f"{FAMILIARITY_NAME} of the model holds no covariance ({error}); {_REMEDY}"
            ) from error


def shrunk_covariance(centred: Float[np.ndarray, "n p"]) -> Float64[np.ndarray, "p p"]:
    """The covariance of values about 0, shrunk as by Ledoit and Wolf, by `MIN_SHRINKAGE` at least.

    Shrinkage s gives (1 − s) C + s m I with the mean variance m.

    Args:
        centred: One row a photo; the mean of each column is 0.
    """
    rows, columns = centred.shape
    covariance = np.asarray(centred.T @ centred / rows)
    mean_variance = float(np.trace(covariance)) / columns or 1.0
    # Means over the entries: of the squared differences to the target, and of their sampling error.
    apart = float((covariance**2).sum()) / columns - mean_variance**2
    fourth = float(((centred**2).sum(axis=1) ** 2).mean())
    error = (fourth - float((covariance**2).sum())) / (columns * rows)
    shrinkage = min(1.0, max(MIN_SHRINKAGE, error / apart if apart > 0 else 1.0))
    shrunk: np.ndarray = (1 - shrinkage) * covariance
    shrunk[np.diag_indices(columns)] += shrinkage * mean_variance
    return shrunk


def _stored(values: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """Numbers as the file holds them, so that a model answers alike before and after it is read."""
    return values.astype(np.float32).astype(np.float64)


def write_familiarity(familiarity: Familiarity, path: Path) -> None:
    """Write it as a safetensors file: numbers in float32, and what they are as metadata."""
    arrays = {
        name: getattr(familiarity, name).astype(np.float32)
        for name in ("mean", "covariance", "distances")
    }
    about = {name: getattr(familiarity, name) for name in ("photos", "judges", "judged_by")}
    metadata = {_METADATA_KEY: json.dumps({"format": FORMAT, **about}, sort_keys=True)}
    path.write_bytes(save(arrays, metadata=metadata))


def read_known_photos(path: Path) -> KnownPhotos | None:
    """The photos behind the file of a model folder; None if it has no such file.

    Raises:
        ModelError: The file is damaged, or of another version.
    """
    if not path.is_file():
        return None
    try:
        return KnownPhotos(**_about(path))
    except _DAMAGED as error:
        raise ModelError(
            f"{path} does not describe training photos ({error}); {_REMEDY}"
        ) from error


def _about(path: Path) -> dict[str, Any]:
    """The metadata of the file: which photos are behind it."""
    with safe_open(path, framework="numpy") as file:
        about: dict[str, Any] = json.loads((file.metadata() or {})[_METADATA_KEY])
    found = about.pop("format")
    if found != FORMAT:
        raise ModelError(f"{path} has format {found!r}, not {FORMAT}; {_REMEDY}")
    return about


def read_familiarity(path: Path, *, width: int) -> Familiarity | None:
    """What a model folder holds; None if it has no such file.

    Args:
        path: The file.
        width: Number of pooled values of a photo in this model.

    Raises:
        ModelError: The file is damaged, of another version, or of another model.
    """
    if not path.is_file():
        return None
    try:
        about = _about(path)
        arrays: dict[str, Any] = {
            name: values.astype(np.float64) for name, values in load_file(path).items()
        }
        familiarity = Familiarity(**arrays, **about)
    except _DAMAGED as error:
        raise ModelError(
            f"{path} does not describe training photos ({error}); {_REMEDY}"
        ) from error
    if familiarity.covariance.shape != (width, width) or familiarity.mean.shape != (width,):
        raise ModelError(f"{path} belongs to another model; {_REMEDY}")
    if not all(np.isfinite(values).all() for values in arrays.values()):
        raise ModelError(f"{path} holds numbers that are not finite; {_REMEDY}")
    return familiarity
