"""The packages: their versions, the optional ones, and whether torch and torchvision match."""

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from geoguess_cli import __version__
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.errors import DependencyError

DISTRIBUTION = "geoguess-cli"

PURPOSES = {
    "offline-weights": "ImageNet weights without a network",
    "heic": "photos of iPhones",
    "download": "`geoguess data download`",
    "interactive": "maps as one HTML page",
    "serve": "`geoguess serve`",
    "hub": "models at hf:// addresses",
    "ray": "Ray Data over the Python API",
    "onnx": "models as one ONNX file",
    "tensorboard": 'train.log = "tensorboard"',
}
"""What each extra is for."""


def examine_packages() -> Iterator[Finding]:
    """The versions of geoguess, of Python and of every package that geoguess needs."""
    yield Finding("packages", "geoguess", __version__)
    yield Finding(
        "packages", "python", f"{platform.python_version()} ({platform.python_implementation()})"
    )
    for requirement in _requirements(""):
        yield _package(requirement)
    yield _torchvision()


def examine_extras() -> Iterator[Finding]:
    """Whether the packages of each extra are there."""
    for extra in _extras():
        lacking = [r.name for r in _requirements(extra) if _fault(r)]
        purpose = PURPOSES.get(extra, "")
        if lacking:
            value = f"not installed ({', '.join(lacking)})"
            remedy = f'for {purpose or "it"}: pip install "{DISTRIBUTION}[{extra}]"'
            yield Finding("extras", extra, value, "note", remedy)
        else:
            yield Finding("extras", extra, f"installed, for {purpose}" if purpose else "installed")


def _package(requirement: Requirement) -> Finding:
    fault = _fault(requirement)
    value = fault or metadata.version(requirement.name)
    remedy = f'pip install --upgrade "{requirement.name}{requirement.specifier}"' if fault else ""
    return Finding("packages", requirement.name, value, "fault" if fault else "ok", remedy)


def _fault(requirement: Requirement) -> str:
    """What is wrong with a package; "" if it is there in a version that fits."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return "not installed"
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"{version}, and geoguess needs {requirement.specifier}"


def _torchvision() -> Finding:
    """torchvision, which timm imports, and whether its operators load beside this torch."""
    try:
        from geoguess_cli.model._timm import missing_operators
    except DependencyError as error:
        return Finding(
            "packages",
            "torchvision",
            str(error),
            "fault",
            "pip install --force-reinstall torch torchvision, both from the same index",
        )
    try:
        version = metadata.version("torchvision")
    except metadata.PackageNotFoundError:
        return Finding("packages", "torchvision", "not installed, and timm does without")
    if missing := missing_operators():
        value = (
            f"{version}, built for another torch: {', '.join(missing)} do not load, "
            "and geoguess needs none of them"
        )
        remedy = "other programs may need them: install torch and torchvision from the same index"
        return Finding("packages", "torchvision", value, "note", remedy)
    return Finding("packages", "torchvision", f"{version}, matches torch")


def _extras() -> list[str]:
    """The extras of geoguess, in the order of its metadata."""
    try:
        return metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return []


def _requirements(extra: str) -> list[Requirement]:
    """What geoguess needs on this machine; with an extra, what that extra needs alone."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    if not extra:
        return [r for r in found if r.marker is None or r.marker.evaluate({"extra": ""})]
    return [
        r
        for r in found
        if r.marker is not None
        and r.marker.evaluate({"extra": extra})
        and not r.marker.evaluate({"extra": ""})
    ]
