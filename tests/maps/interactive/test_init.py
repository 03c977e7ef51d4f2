import importlib
import sys

import pytest

from geoguess_cli.errors import DependencyError

ROOM = "geoguess_cli.maps.interactive"


def test_without_bokeh_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    for name in [name for name in sys.modules if name.startswith(ROOM)]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(DependencyError, match=r"pip install 'geoguess-cli\[interactive\]'"):
        importlib.import_module(f"{ROOM}.figures")
