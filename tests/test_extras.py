"""What an extra needs, and the command that installs it without adding torch."""

from importlib import metadata

import pytest

from geoguess_cli import extras
from geoguess_cli.extras import install_command, requirements_of


@pytest.fixture(autouse=True)
def needs(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "torch>=2",
        "numpy",
        'bokeh>=3.4; extra == "x"',
        'fastapi<1,>=0.100; extra == "x"',
        'other; extra == "y"',
        "elsewhere; sys_platform == 'nowhere'",
    ]
    monkeypatch.setattr(metadata, "requires", lambda _: lines)


def test_the_requirements_of_an_extra_are_its_own() -> None:
    assert [one.name for one in requirements_of()] == ["torch", "numpy"]
    assert [one.name for one in requirements_of("x")] == ["bokeh", "fastapi"]
    assert requirements_of("unknown") == []


def test_an_extra_is_installed_by_its_name_where_torch_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: "torch")
    assert install_command("x") == "pip install 'geoguess-cli[x]'"


def test_without_torch_its_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    assert install_command("x") == "pip install 'bokeh>=3.4' 'fastapi<1,>=0.100'"
    monkeypatch.setattr(metadata, "requires", lambda _: None)
    assert install_command("x") == "pip install 'geoguess-cli[x]'"
