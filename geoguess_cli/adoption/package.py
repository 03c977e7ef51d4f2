"""The files of a published model's package, from pip, an installation, a wheel or a folder.

They are read as files; nothing of the package is imported.
"""

import importlib.metadata
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from geoguess_cli.adoption.published import PublishedWeights
from geoguess_cli.errors import MissingFileError, ModelError, WeightsError

_UNANSWERED = "after connection broken by"
"""What pip writes when an index cannot be reached."""

_TIMEOUT_S = 15
"""Seconds that pip waits for an answer, before its one other try."""


@dataclass(frozen=True)
class PackageFiles:
    """The files of a package.

    Args:
        path: A wheel, or the folder that holds the package's folder.
    """

    path: Path

    def read(self, name: str) -> bytes:
        """The content of a file.

        Args:
            name: Its path, such as `geoclip/model/weights/logit_scale_weights.pth`.

        Raises:
            ModelError: The package lacks the file, or the wheel is damaged.
        """
        try:
            if self.path.is_dir():
                return (self.path / name).read_bytes()
            with _wheel(self.path) as wheel:
                return wheel.read(name)
        except (KeyError, FileNotFoundError) as error:
            raise ModelError(
                f"{self.path} lacks {name}; name the wheel, or the folder that holds "
                f"{PurePosixPath(name).parts[0]}/"
            ) from error

    def names(self) -> list[str]:
        """The paths of the licence and metadata files, in order."""
        if self.path.is_dir():
            files = [*self.path.glob("LICEN[CS]E*"), *self.path.glob("*.dist-info/**/*")]
            own = (file.relative_to(self.path) for file in files if file.is_file())
            return sorted(name.as_posix() for name in own)
        with _wheel(self.path) as wheel:
            return sorted(name for name in wheel.namelist() if ".dist-info/" in name)

    def version(self, package: str) -> str:
        """The version of the package; "" if nothing states it."""
        starts = f"{package}-"
        for name in self.names():
            folder, _, rest = name.partition(".dist-info/")
            if rest == "METADATA" and folder.startswith(starts):
                return folder.removeprefix(starts)
        return ""

    def licence(self, package: str) -> str:
        """The text of the package's licence; "" if there is none."""
        for name in self.names():
            place = PurePosixPath(name)
            own = len(place.parts) == 1 or place.parts[0].startswith(f"{package}-")
            if own and place.name.upper().startswith(("LICENSE", "LICENCE")):
                return self.read(name).decode("utf-8", "replace")
        return ""


@contextmanager
def _wheel(path: Path) -> Iterator[zipfile.ZipFile]:
    """A wheel, opened; whatever reading it raises for a damaged one becomes a `ModelError`."""
    try:
        with zipfile.ZipFile(path) as wheel:
            yield wheel
    except (KeyError, FileNotFoundError):  # a file that it lacks, or no wheel at all
        raise
    except Exception as error:  # that of each kind of compression, and more
        raise ModelError(f"{path} is damaged, or is no wheel: {error}; fetch it again") from error


def package_at(path: Path, package: str) -> PackageFiles:
    """The files of a package that the user names: a wheel, the package's folder, or one above it.

    Raises:
        MissingFileError: There is nothing at the path.
    """
    if not path.exists():
        raise MissingFileError(f"there is no package at {path}; name a wheel or a folder")
    inside = path.is_dir() and path.name == package and not (path / package).is_dir()
    return PackageFiles(path.absolute().parent if inside else path)


def installed_package(published: PublishedWeights) -> PackageFiles | None:
    """The files of the package where this version of it is installed beside geoguess."""
    try:
        found = importlib.metadata.distribution(published.package)
    except importlib.metadata.PackageNotFoundError:
        return None
    if found.version != published.version:
        return None
    return PackageFiles(Path(str(found.locate_file(""))))


def fetch_package(published: PublishedWeights, folder: Path) -> PackageFiles:
    """The wheel of the package, fetched by pip into a folder.

    pip takes its index, proxy and credentials from the user's settings, and checks the digest.

    Args:
        published: Names the package, its version and its digest.
        folder: An empty folder.

    Raises:
        WeightsError: pip is not installed, the index cannot be reached, or the file is another.
    """
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{published.requirement} --hash=sha256:{published.sha256}\n")
    options = ("--no-deps", "--only-binary=:all:", "--retries=1", f"--timeout={_TIMEOUT_S}")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    command = [sys.executable, "-m", "pip", "download", *options, *quiet]
    done = subprocess.run(
        [*command, "--dest", str(folder), "--requirement", str(wanted)],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise WeightsError(f"pip cannot fetch {published.requirement} ({_reason(done.stderr)})")
    return PackageFiles(wheels[0])


def _reason(text: str) -> str:
    """What is wrong, from what pip writes: its last error, or that nobody answered."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any(_UNANSWERED in line for line in lines):
        return "the package index does not answer"
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["it gives no reason"])[-1]
