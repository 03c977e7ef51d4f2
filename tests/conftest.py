"""Before anything of the core is imported: check array shapes in every call of it."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Tests run side by side: threads of each would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

CHECKED = ("geo", "photos", "model", "training", "inference", "explain")
install_import_hook([f"geoguess_cli.{floor}" for floor in CHECKED], "beartype.beartype")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own GEOGUESS_ variables must not change a test."""
    for name in list(os.environ):
        if name.startswith("GEOGUESS_"):
            monkeypatch.delenv(name)
