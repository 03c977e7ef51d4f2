"""Several photos of one place: their evidence together, with a redundancy fitted on val groups.

`inference.evidence` has the equation.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Int

from geoguess_cli.choices import PointMethod
from geoguess_cli.errors import PhotoTableError
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.inference.evidence import combined
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.memory import directions
from geoguess_cli.names import text_of
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.table import PhotoTable

if TYPE_CHECKING:
    from geoguess_cli.inference.photo_predictor import PhotoPredictor

_NAMED = 3


@dataclass(frozen=True, eq=False)
class Groups:
    """Which photos belong together.

    Attributes:
        names: The name of each group.
        members: The group of each photo, a position in `names`.
    """

    names: Sequence[str]
    members: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def sizes(self) -> Int[np.ndarray, " g"]:
        """The number of photos in each group."""
        return np.bincount(self.members, minlength=len(self))


def together(files: Sequence[PhotoFile]) -> Groups:
    """All photos as one group, named by the first few.

    >>> from pathlib import Path
    >>> list(together([Path("x/a.jpg"), Path("b.jpg")]).names)
    ['a.jpg + b.jpg']
    """
    names = [text_of(file).rpartition("/")[2] for file in files[:_NAMED]]
    more = [f"{len(files) - _NAMED:,} more"] if len(files) > _NAMED else []
    return Groups([" + ".join([*names, *more])], np.zeros(len(files), dtype=np.int64))


def groups_by(table: PhotoTable, column: str) -> Groups:
    """The photos of a table grouped by a column, in the order of each group's first photo.

    A photo without a value is a group of its own, named by the photo.

    Args:
        table: The photos.
        column: Such as "sequence".

    Raises:
        PhotoTableError: The table has no such column, or no value in it.
    """
    if column not in table.frame.columns or not table.has(column):
        others = ", ".join(f"`{name}`" for name in table.frame.columns if name != "photo")
        raise PhotoTableError(
            f"the photo table has no value in a column `{column}` to group by; it has {others}"
        )
    known = table.frame[column].to_list()
    keys = [
        ("", photo) if value is None else ("of", str(value))
        for value, photo in zip(known, table.frame["photo"].to_list(), strict=True)
    ]
    order = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return Groups([name for _, name in order], np.array([order[key] for key in keys]))


def grouped(
    outputs: Iterable[Outputs],
    groups: Groups,
    redundancy: float,
    familiarity: Familiarity | None = None,
) -> Iterator[Outputs]:
    """The logits of each group, once its last photo is there; rows are positions of groups.

    The features of a group are the mean of the directions of its photos' features, so that the
    cosine with any features is in proportion to the mean of the photos' cosines. The distance of a
    group from the training photos is the median of its photos' distances, so that it compares with
    that of a single photo. Memory holds a row of logits and of features for each group that has
    begun.

    Args:
        outputs: The logits of the photos, in any order.
        groups: Which photos belong together.
        redundancy: How alike the photos of a group are as evidence, in [0, 1].
        familiarity: What the training photos are like; None leaves out the distances.
    """
    sums: dict[int, np.ndarray] = {}
    seen: dict[int, np.ndarray] = {}
    away: dict[int, list[float]] = {}
    read = np.zeros(len(groups), dtype=np.int64)
    missing = groups.sizes
    reasons: dict[int, str] = {}
    for output in outputs:
        done: list[int] = []
        for row, logits in zip(output.rows.tolist(), output.logits, strict=True):
            group = int(groups.members[row])
            sums[group] = sums.get(group, 0.0) + logits.astype(np.float64)
            read[group] += 1
            done.append(group)
        if output.features is not None:
            for group, own in zip(done, directions(output.features), strict=True):
                seen[group] = seen.get(group, 0.0) + own
        if familiarity is not None and output.pooled is not None:
            distances = familiarity.distances_of(output.pooled).tolist()
            for group, distance in zip(done, distances, strict=True):
                away.setdefault(group, []).append(distance)
        for row, reason in output.failures:
            reasons.setdefault(int(groups.members[row]), reason)
            done.append(int(groups.members[row]))
        np.subtract.at(missing, done, 1)
        whole = [group for group in dict.fromkeys(done) if not missing[group]]
        if not whole:
            continue
        good = np.array([group for group in whole if read[group]], dtype=np.int64)
        total = np.array([sums.pop(group) for group in good.tolist()])
        total = total.reshape(len(good), output.logits.shape[1])
        yield Outputs(
            good,
            combined(total, read[good], redundancy).astype(np.float32),
            [(group, _none_read(groups, group, reasons)) for group in whole if not read[group]],
            features=_means(seen, good, read),
            distances=_medians(away, good),
        )


def _means(
    sums: dict[int, np.ndarray], groups: Int[np.ndarray, " g"], counts: Int[np.ndarray, " n"]
) -> np.ndarray | None:
    """The mean of each group, whose sum is taken away; None if nothing is known of one."""
    if not len(groups) or not all(group in sums for group in groups.tolist()):
        return None
    means = [sums.pop(group) / counts[group] for group in groups.tolist()]
    return np.stack(means).astype(np.float32)


def _medians(
    distances: dict[int, list[float]], groups: Int[np.ndarray, " g"]
) -> Float64[np.ndarray, " g"] | None:
    """The median of each group, whose distances are taken away; None if one is not known."""
    if not all(group in distances for group in groups.tolist()):
        return None
    return np.array([np.median(distances.pop(group)) for group in groups.tolist()])


def _none_read(groups: Groups, group: int, reasons: dict[int, str]) -> str:
    size = int(groups.sizes[group])
    return reasons[group] if size == 1 else f"none of {size} photos could be read; {reasons[group]}"


def predict_groups(
    predictor: "PhotoPredictor",
    files: Sequence[PhotoFile],
    groups: Groups,
    *,
    batch_size: int = 32,
    workers: int = 0,
    point: PointMethod | None = None,
    min_confidence: float = 0.0,
    unlike_is_unsure: bool = False,
    neighbours: int = 0,
    on_failure: Callable[[str], None] = lambda _: None,
) -> Iterator[Answer | Unanswered]:
    """The answer to each group, in their order; `Unanswered` if none of its photos can be read.

    Args:
        predictor: The model.
        files: The photos.
        groups: Which of them belong together.
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos, as in `PhotoPredictor.predict`.
        point: How to choose the point estimate; None takes the model's own method.
        min_confidence: An answer is sure if its likeliest cell is at least this probable.
        unlike_is_unsure: An answer to a group unlike the training photos is not sure.
        neighbours: Training photos that the group resembles to name in each answer.
        on_failure: Called with the reason of each photo that cannot be read.

    Raises:
        ModelError: A logit is not finite, or the model carries no memory and needs one.
    """

    def noted() -> Iterator[Outputs]:
        for output in predictor.outputs(files, batch_size=batch_size, workers=workers):
            for _, reason in output.failures:
                on_failure(reason)
            yield output

    waiting: dict[int, Answer | Unanswered] = {}
    sizes, following = groups.sizes.tolist(), 0
    answering = predictor.answering
    known = answering.familiarity
    for output in grouped(noted(), groups, answering.decision.redundancy, known):
        for group, reason in output.failures:
            waiting[group] = Unanswered(group, groups.names[group], reason, photos=sizes[group])
        if len(output.rows):
            probabilities, inside = answering.weighed(output.logits)
            answers = answering.answers(
                probabilities,
                [groups.names[group] for group in output.rows.tolist()],
                rows=output.rows.tolist(),
                point=point,
                min_confidence=min_confidence,
                inside=inside,
                likenesses=output.likenesses(known),
                unlike_is_unsure=unlike_is_unsure,
                features=output.features,
                neighbours=neighbours,
            )
            waiting |= {own.row: replace(own, photos=sizes[own.row]) for own in answers}
        while following in waiting:
            yield waiting.pop(following)
            following += 1
