"""What ends a training against the user's will, in one line: where, why, and what to do."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from geoguess_cli.errors import ConfigError, ModelError, OutOfMemoryError
from geoguess_cli.training.stages import RunningStage


def fault_of_epoch(
    error: ModelError | OutOfMemoryError, stage: RunningStage, epoch: int, best_path: Path
) -> ModelError | OutOfMemoryError:
    """An error of a step with its stage, its epoch and the remedy.

    Args:
        error: What is wrong, and in which step.
        stage: The running stage.
        epoch: Index of the epoch, from 0.
        best_path: Where the best weights so far are, if any are kept.
    """
    planned = stage.planned
    where = f"stage {planned.number} ({planned.config.name}), epoch {epoch + 1}, {error}"
    if isinstance(error, OutOfMemoryError):
        return OutOfMemoryError(where)
    kept = f"the best weights so far are in {best_path}" if best_path.is_file() else "none are kept"
    return ModelError(
        f"{where}. Lower the stage's learning_rate ({stage.learning_rate:g}), set "
        f"train.clip_norm, or use --precision fp32; {kept}"
    )


@contextlib.contextmanager
def compiling() -> Iterator[None]:
    """A model that torch.compile cannot compile on this machine becomes an error of one line.

    Raises:
        ConfigError: The compiler failed, or there is none.
    """
    try:
        yield
    except RuntimeError as error:
        # Their base class would have to be imported, which takes a second.
        if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"torch.compile fails on this machine ({reason}); it needs a C++ "
            "compiler, and Triton for a GPU; train without --compile"
        ) from error
