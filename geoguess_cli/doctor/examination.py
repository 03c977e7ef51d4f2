"""Everything that is looked at, in order."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from geoguess_cli.config import ENVIRONMENT_PREFIX, FILE_NAME, Config, load_config
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.doctor.packages import examine_extras, examine_packages
from geoguess_cli.doctor.system import examine_system
from geoguess_cli.errors import DependencyError, GeoguessError


def examine(path: Path | None, environment: Mapping[str, str]) -> Iterator[Finding]:
    """All findings about this machine and this working directory, one after the other.

    Args:
        path: The configuration; None takes `geoguess.toml`, if there is one.
        environment: Environment variables.
    """
    yield from examine_packages()
    yield from examine_extras()
    config, findings = _configuration(path, environment)
    yield from findings
    yield from examine_system(config)
    yield from _onnx_devices()
    try:
        from geoguess_cli.doctor.device import examine_device
        from geoguess_cli.doctor.weights import examine_weights
    except ImportError:  # a finding about the packages says what is missing
        return
    yield from examine_device(config)
    yield from examine_weights(config)


def _onnx_devices() -> Iterator[Finding]:
    """What can compute an ONNX file; nothing where no file can be answered from."""
    from geoguess_cli.model.onnx_model import devices_present

    with suppress(DependencyError):
        yield Finding("device", "for ONNX files", ", ".join(devices_present()))


def _configuration(
    path: Path | None, environment: Mapping[str, str]
) -> tuple[Config, list[Finding]]:
    """The configuration, or the default one where it is faulty; and what was found of it."""
    file = path or Path(FILE_NAME)
    variables = [name for name in sorted(environment) if name.startswith(ENVIRONMENT_PREFIX)]
    findings = [Finding("configuration", name, environment[name]) for name in variables]
    try:
        config = load_config(path, environment=environment)
    except GeoguessError as error:
        remedy = "`geoguess recipe show paper` prints every key with its meaning"
        return Config(), [
            *findings,
            Finding("configuration", str(file), str(error), "fault", remedy),
        ]
    value = "valid" if file.is_file() else "none here, so every key has the value of the paper"
    return config, [*findings, Finding("configuration", str(file), value)]
