"""Where a training is followed: TensorBoard, or a function of the user's."""

import importlib
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from geoguess_cli.errors import ConfigError, GeoguessWarning
from geoguess_cli.training_config import TENSORBOARD

Hook = Callable[[str, Mapping[str, Any], Path], None]
"""Called with an event, its values as plain JSON, and the folder of the run.

| event | when | values |
|---|---|---|
| `start` | a training begins or goes on | `config`, and `epochs`: those that are done |
| `epoch` | an epoch has ended | the fields of `EpochStats` |
| `model` | the decision is fitted | `metrics.json` of the model folder |
| `report` | `geoguess eval` has judged the model | `report.json`, and `folder`: of its figures |
"""


class TrainingLog:
    """Tells the events of a training to a hook, whose failures never stop the training.

    Args:
        hook: The function to call; None calls none.
        run: The folder of the run.
    """

    def __init__(self, hook: Hook | None, run: Path) -> None:
        self._hook, self._run = hook, run

    def tell(self, event: str, values: Mapping[str, Any]) -> None:
        """Tell one event. The first failure of the hook is a warning, and ends the telling."""
        if self._hook is None:
            return
        try:
            self._hook(event, values, self._run)
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            warnings.warn(
                f"train.log failed at `{event}` ({reason}); the work goes on without it",
                GeoguessWarning,
                stacklevel=2,
            )
            self._hook = None


def open_log(name: str, run: Path) -> TrainingLog:
    """The log that `train.log` names, for a run.

    Args:
        name: "" for none, "tensorboard", or "module:function" of a module that Python finds, the
            working directory included.
        run: The folder of the run.

    Raises:
        ConfigError: There is no such module or function.
        DependencyError: TensorBoard is not installed.
    """
    if not name:
        return TrainingLog(None, run)
    if name == TENSORBOARD:
        from geoguess_cli.training.tensorboard import TensorBoard

        return TrainingLog(TensorBoard(), run)
    return TrainingLog(_function(name), run)


def _function(name: str) -> Hook:
    module, _, attribute = name.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # a console script does not look there
    try:
        hook = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise ConfigError(
            f"train.log is `{name}`, which cannot be imported ({type(error).__name__}: {error}); "
            "it is the name of a module in this folder or of a package, a colon and a function"
        ) from error
    if not callable(hook):
        raise ConfigError(f"train.log is `{name}`, which is no function")
    return hook  # type: ignore[no-any-return]
