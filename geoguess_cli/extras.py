"""The optional packages of geoguess: what each extra needs, and the command that installs it."""

from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "geoguess-cli"

TRAINING = ("torch", "timm")
"""Packages that an installation by requirements-onnx.txt lacks: an ONNX file answers without."""


def requirements_of(extra: str = "") -> "list[Requirement]":
    """What geoguess needs on this machine; with an extra, what that extra needs alone.

    There are none if geoguess is not installed as a package.
    """
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []

    def wanted(extra: str) -> list[Requirement]:
        known = map(Requirement, lines)
        return [r for r in known if r.marker is None or r.marker.evaluate({"extra": extra})]

    always = wanted("")
    return [one for one in wanted(extra) if one not in always] if extra else always


def install_command(extra: str) -> str:
    """The command that installs the packages of an extra.

    It needs no index that has geoguess: pip reads what an extra needs from the installed geoguess.
    Where torch is not installed, as by requirements-onnx.txt, it names the packages themselves: of
    an extra pip would install the packages of geoguess as well, torch among them.
    """
    packages = requirements_of(extra)
    if find_spec("torch") is not None or not packages:
        return f"pip install '{DISTRIBUTION}[{extra}]'"
    return "pip install " + " ".join(f"'{one.name}{one.specifier}'" for one in packages)
