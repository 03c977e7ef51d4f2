"""The packages: their versions, the optional ones, and whether torch and torchvision match."""

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from geoguess_cli import __version__
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.extras import DISTRIBUTION, TRAINING, install_command, requirements_of

ABSENT = "not installed"

PURPOSES = {
    "offline-weights": "ImageNet weights without a network",
    "heic": "photos of iPhones",
    "download": "`geoguess data download`",
    "interactive": "maps as one HTML page",
    "serve": "`geoguess serve`",
    "hub": "models at hf:// addresses",
    "ray": "Ray Data over the Python API",
    "onnx": "writing a model as one ONNX file, and answering from it",
    "tensorboard": 'train.log = "tensorboard"',
}
"""What each extra is for."""


def examine_packages() -> Iterator[Finding]:
    """The versions of geoguess, of Python and of every package that geoguess needs."""
    yield Finding("packages", "geoguess", __version__)
    yield Finding(
        "packages", "python", f"{platform.python_version()} ({platform.python_implementation()})"
    )
    for requirement in requirements_of():
        yield _package(requirement)
    if _installed("torch"):
        yield _torchvision()


def examine_extras() -> Iterator[Finding]:
    """Whether the packages of each extra are there."""
    for extra in _extras():
        lacking = [r.name for r in requirements_of(extra) if _fault(r)]
        purpose = PURPOSES.get(extra, "")
        if lacking:
            value = f"not installed ({', '.join(lacking)})"
            remedy = f"for {purpose or 'it'}: {install_command(extra)}"
            yield Finding("extras", extra, value, "note", remedy)
        else:
            yield Finding("extras", extra, f"installed, for {purpose}" if purpose else "installed")


def _package(requirement: Requirement) -> Finding:
    fault = _fault(requirement)
    if requirement.name in TRAINING and fault == ABSENT and _installed("onnxruntime"):
        remedy = f"to train, and for model folders: pip install {' '.join(TRAINING)}"
        value = f"{ABSENT}, and an ONNX file answers without"
        return Finding("packages", requirement.name, value, "note", remedy)
    value = fault or metadata.version(requirement.name)
    remedy = f'pip install --upgrade "{requirement.name}{requirement.specifier}"' if fault else ""
    return Finding("packages", requirement.name, value, "fault" if fault else "ok", remedy)


def _installed(name: str) -> bool:
    return bool(list(metadata.distributions(name=name)))


def _fault(requirement: Requirement) -> str:
    """What is wrong with a package; "" if it is there in a version that fits."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return ABSENT
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"{version}, and geoguess needs {requirement.specifier}"


def _torchvision() -> Finding:
    """torchvision, which timm imports, and whether its operators load beside this torch."""
    try:
        from geoguess_cli.model._timm import missing_operators
    except ImportError as error:
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
