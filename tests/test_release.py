"""What a release has: a small wheel and a source archive, which work far from the repository."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import geoguess_cli

REPOSITORY = Path(__file__).resolve().parents[1]
MOST_BYTES = 6_000_000


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the source archive."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(release: Path) -> Path:
    (path,) = release.glob("*.whl")
    return path


def test_the_wheel_is_small_and_has_what_the_package_reads(wheel: Path) -> None:
    assert wheel.stat().st_size <= MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = Path(geoguess_cli.__file__).parent
    own = {
        f"geoguess_cli/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert own <= names
    assert all(name.startswith("geoguess_cli") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)


def test_the_source_archive_has_the_pages(release: Path) -> None:
    (path,) = release.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "docs/training.md"} <= names
    assert not any(name.startswith(("tests", "sample_data/photos/")) for name in names)


@pytest.mark.slow
def test_the_wheel_works_in_a_new_environment(wheel: Path, tmp_path: Path) -> None:
    """The environment sees the packages of this one, but not the repository."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=False)
    places = {"base": str(home), "platbase": str(home)}
    site = Path(sysconfig.get_path("purelib", scheme="venv", vars=places))
    scripts = Path(sysconfig.get_path("scripts", scheme="venv", vars=places))
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed", "--no-index"]
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([python, *install, wheel], check=True, env=variables)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def geoguess(*arguments: str) -> str:
        ran = subprocess.run(
            [scripts / "geoguess", *arguments],
            cwd=elsewhere,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    assert geoguess("--version").strip() == f"geoguess {geoguess_cli.__version__}"
    shown = subprocess.run(
        [python, "-c", "import geoguess_cli; print(geoguess_cli.__file__)"],
        cwd=elsewhere,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(shown.stdout.strip()).is_relative_to(home)
    assert "paper" in geoguess("recipe", "list")
    # The command of a message adds an extra, though no index has geoguess.
    extra = ["-m", "pip", "install", "geoguess-cli[interactive]", "--no-index", "--dry-run"]
    subprocess.run([python, *extra], check=True, env=variables)
    geoguess("recipe", "use", "sample", "-o", "geoguess.toml")
    photos = str(REPOSITORY / "sample_data" / "photos.csv")
    assert "cells" in geoguess("cells", "build", "--photos", photos)
    assert (elsewhere / "artifacts" / "cells.parquet").is_file()
