"""The events of a training as TensorBoard's curves, figures and numbers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geoguess_cli.errors import DependencyError
from geoguess_cli.extras import install_command

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

FOLDER = "tensorboard"
"""Its folder in that of the run."""

_CURVES = {
    "loss": "loss/train",
    "val_loss": "loss/val",
    "val_top_1": "val/top-1",
    "val_top_5": "val/top-5",
    "learning_rate": "training/learning rate",
    "photos_per_second": "training/photos a second",
}
"""The curve of each field of `EpochStats`."""

_NUMBERED = ("by_", "abstention", "confusion", "model")
"""Beginnings of the report's parts that have a row for each place, step or pair, or no result."""


class TensorBoard:
    """Writes each event to the run's folder `tensorboard`.

    Raises:
        DependencyError: TensorBoard is not installed.
    """

    def __init__(self) -> None:
        self._writer_class = _writer_class()

    def __call__(self, event: str, values: Mapping[str, Any], run: Path) -> None:
        """Write one event, see `log.Hook`."""
        if event == "start":
            self._begin(values["epochs"], run)
            return
        step = values.get("training", {}).get("epochs", 0)
        with self._writer_class(str(run / FOLDER)) as writer:
            if event == "epoch":
                _curves(writer, values)
            elif event == "model":
                _numbers(writer, "model", values, step)
                _figures(writer, "model", run, step)
            elif event == "report":
                _numbers(writer, "report", values, step)
                _figures(writer, "report", Path(values["folder"]), step)

    def _begin(self, epochs: list[Mapping[str, Any]], run: Path) -> None:
        """Write the epochs that are done anew, so that none is missing or twice after a kill."""
        for leftover in (run / FOLDER).glob("events.out.tfevents.*"):
            leftover.unlink()
        if epochs:
            with self._writer_class(str(run / FOLDER)) as writer:
                for values in epochs:
                    _curves(writer, values)


def _writer_class() -> "type[SummaryWriter]":
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise DependencyError(
            'train.log = "tensorboard" needs TensorBoard; '
            f"`{install_command('tensorboard')}` installs it"
        ) from error
    return SummaryWriter


def _curves(writer: "SummaryWriter", values: Mapping[str, Any]) -> None:
    for field, curve in _CURVES.items():
        writer.add_scalar(curve, values[field], values["epoch"])


def _numbers(writer: "SummaryWriter", name: str, values: Mapping[str, Any], step: int) -> None:
    for path, number in _leaves(values):
        writer.add_scalar(f"{name}/{path}", number, step)


def _leaves(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a tree by their paths; of an estimate with its interval, the estimate."""
    for key, value in values.items():
        path = f"{before}{key}"
        if not before and key.startswith(_NUMBERED):
            continue
        if isinstance(value, Mapping) and "value" in value:
            value = value["value"]
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield path, float(value)


def _figures(writer: "SummaryWriter", name: str, folder: Path, step: int) -> None:
    from PIL import Image

    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        writer.add_image(f"{name}/{path.stem}", pixels, step, dataformats="HWC")
