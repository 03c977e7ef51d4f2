"""The generator of the sample world, imported from beside its data."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

SAMPLE_DATA = Path(__file__).resolve().parents[2] / "sample_data"
if str(SAMPLE_DATA) not in sys.path:
    sys.path.insert(0, str(SAMPLE_DATA))  # `world` is a package of the script, not of geoguess

import make_world  # noqa: E402
from world.drives import Shot, all_shots  # noqa: E402


@pytest.fixture(scope="session")
def sample_data() -> Path:
    return SAMPLE_DATA


@pytest.fixture(scope="session")
def generator() -> ModuleType:
    return make_world


@pytest.fixture(scope="session")
def shots() -> list[Shot]:
    return all_shots(make_world.states)
