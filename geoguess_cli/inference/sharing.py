"""Work that several processes share: the first asks for it, and the others help until it ends.

The work is split in turn: with three processes the second one has the parts 1, 4, 7, … The first
gets all parts in their order, a part of each process at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

import numpy as np

from geoguess_cli.errors import GeoguessError, ProcessError
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.photo_predictor import PhotoPredictor
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.processes import Processes
from geoguess_cli.model.trained import with_network
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.workers import workers_of_each

_Part = TypeVar("_Part")
_Result = TypeVar("_Result", covariant=True)


@runtime_checkable
class Task(Protocol[_Result]):
    """Work that every process does a share of. It is sent to them by pickle."""

    def results(self, processes: Processes) -> Iterator[_Result]:
        """The result of each part of this process's own share, in order."""


@dataclass(frozen=True)
class _Failed:
    """Why a process cannot go on; the error is raised in the first."""

    error: GeoguessError


def shared(processes: Processes, task: Task[_Part]) -> Iterator[_Part]:
    """The result of each part of a task in order, in the process that leads.

    Take all results before another task: the others work until there is none left.

    Args:
        processes: The others run `assist`.
        task: The work.

    Raises:
        GeoguessError: A process had this error.
        ProcessError: A process ended.
    """
    with processes.together():
        processes.of_leader(lambda: task)
        yield from _rounds(processes, task)


def assist(processes: Processes) -> bool:
    """Do the process's own share of all tasks; whether the leader ended well.

    Args:
        processes: This one does not lead.
    """
    try:
        with processes.together():
            while (task := processes.of_leader(_nothing)) is not None:
                for _ in _rounds(processes, task):
                    pass
    except ProcessError:
        return False
    return True


def dismiss(processes: Processes) -> None:
    """Tell the others that there is no more work."""
    with processes.together():
        processes.of_leader(_nothing)


def _nothing() -> Any:
    return None


def _rounds(processes: Processes, task: Task[_Part]) -> Iterator[_Part]:
    """Do the own parts, one at a time; the leader yields those of all.

    A round ends with the last part of any process, or with the first error.
    """
    own, failed = _guarded(task.results(processes)), 0.0
    while not failed:
        parts = list(islice(own, 1))
        failures = [part for part in parts if isinstance(part, _Failed)]
        left, failed = processes.total(len(parts), len(failures))
        if not left:
            return
        for part in [part for own_of in processes.to_leader(parts) for part in own_of]:
            if isinstance(part, _Failed):
                raise part.error
            yield part


def _guarded(results: Iterator[_Part]) -> Iterator[_Part | _Failed]:
    """Results, and an error in place of the result that it prevents."""
    try:
        yield from results
    except ProcessError:
        raise
    except GeoguessError as error:
        yield _Failed(error)


@runtime_checkable
class SharedModel(Protocol):
    """A model that each process loads for itself. It is sent by pickle, and has a hash."""

    def load(self) -> PhotoPredictor:
        """The predictor."""

    def __hash__(self) -> int: ...


@lru_cache(maxsize=2)
def predictor_of(model: SharedModel) -> PhotoPredictor:
    """The predictor of a model, loaded once in a process."""
    return model.load()


@dataclass(frozen=True, eq=False)
class OutputsTask:
    """What the network makes of many photos, batch by batch.

    Args:
        model: The model.
        files: The photos.
        batch_size: Photos of a batch.
        workers: As in `Predictor.outputs`; -1 divides the cores between processes.
    """

    model: SharedModel
    files: PhotoList
    batch_size: int
    workers: int

    def results(self, processes: Processes) -> Iterator[Outputs]:
        """The outputs of this process's own batches; the processes take batches by turns."""
        every = np.arange(len(self.files))
        rows = every[every // self.batch_size % processes.count == processes.rank]
        outputs = predictor_of(self.model).outputs(
            self.files.take(rows),
            batch_size=self.batch_size,
            workers=workers_of_each(self.workers, len(rows), processes.local_count),
        )
        for output in outputs:
            failures = [(int(rows[row]), reason) for row, reason in output.failures]
            yield replace(output, rows=rows[output.rows], failures=failures)


class SharedPredictor(Predictor):
    """A predictor whose photos are shared by all processes; it answers in the one that leads.

    Args:
        model: The model.
        processes: The others run `assist`.

    Raises:
        ModelError: The model is that of an ONNX file.
    """

    shared: ClassVar[bool] = True

    def __init__(self, model: SharedModel, processes: Processes) -> None:
        own = predictor_of(model)
        super().__init__(
            with_network(own.trained),
            device=str(own.device),
            precision=own.precision,
            max_pixels=own.max_pixels,
        )
        self.model, self.processes = model, processes

    def identity(self) -> dict[str, Any]:
        """The record of the model, as each process has it."""
        return predictor_of(self.model).identity()

    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        """What the network makes of many photos, as in `Predictor`."""
        # A part of a long list would carry the names of the whole list to each process.
        own = PhotoList.of_files(iter(files))
        yield from shared(self.processes, OutputsTask(self.model, own, batch_size, workers))
