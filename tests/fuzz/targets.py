"""What reads the input of strangers: each target takes any bytes and may raise our own errors only.

`test_targets.py` tries a few of them in every test run, `run.py` as many as there is time for.
"""

import fuzz.data_targets
import fuzz.model_targets  # noqa: F401  (both add to the list)
from fuzz.registry import FINDS, TARGETS, Parts, Target

__all__ = ["FINDS", "TARGETS", "Parts", "Target"]
