"""The number of processes follows the photos and the machine, its shared memory included."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.errors import GeoguessWarning
from geoguess_cli.photos.workers import (
    MAX_WORKERS,
    PREFETCH,
    automatic_workers,
    workers_that_fit,
)

MB = 1 << 20

IN_SMALL_SHARED_MEMORY = ("unshare", "--mount", "sh", "-c")
MOUNT = 'mount -t tmpfs -o size=16m tmpfs /dev/shm && exec "$0" "$@"'


def test_few_photos_need_no_workers():
    assert automatic_workers(0) == automatic_workers(10) == 0


def test_many_photos_take_a_process_a_core_within_limits():
    assert 1 <= automatic_workers(10**6) <= MAX_WORKERS


@pytest.mark.parametrize(
    ("free", "batch", "workers"),
    [(64 * MB, 1 * MB, 4), (64 * MB, 10 * MB, 2), (64 * MB, 16 * MB, 1), (64 * MB, 38 * MB, 0)],
)
@pytest.mark.promise("fault", "shared memory too small for the worker processes")
def test_workers_fit_in_the_shared_memory(
    free: int, batch: int, workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert workers_that_fit(4, batch, folder=tmp_path) == workers
    assert (workers * PREFETCH + 2) * batch <= free or workers == 0
    if workers == 4:
        assert not caught
        return
    (warning,) = caught
    assert issubclass(warning.category, GeoguessWarning)
    assert "--shm-size" in str(warning.message)


def test_a_system_that_shows_no_shared_memory_has_no_limit(tmp_path: Path) -> None:
    assert workers_that_fit(4, 1 << 40, folder=tmp_path / "none") == 4
    assert workers_that_fit(0, 1 << 40, folder=tmp_path) == 0


READ = """
import sys, warnings
from pathlib import Path
from geoguess_cli.photos import dataset, workers
from geoguess_cli.photos.images import ImageSpec

if __name__ == "__main__":
    if sys.argv[2] == "unguarded":
        dataset.workers_that_fit = lambda wanted, batch_bytes: wanted
    spec = ImageSpec(224, (0.5,) * 3, (0.5,) * 3)
    paths = [Path(sys.argv[1])] * 96
    with dataset.PhotoLoader(paths, spec=spec, batch_size=16, workers=2) as loader:
        print(loader.workers, sum(len(batch) for batch in loader))
"""


@pytest.mark.parametrize("guard", ["guarded", "unguarded"])
def test_a_small_shared_memory_is_no_endless_wait(guard: str, tmp_path: Path) -> None:
    """16 MB, as in a container: fewer workers; and if the guard fails, an error and no wait."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        pytest.skip("needs Linux namespaces")
    trial = subprocess.run([*IN_SMALL_SHARED_MEMORY, MOUNT, "true"], capture_output=True)
    if trial.returncode:
        pytest.skip("needs the right to mount")
    noise = np.random.default_rng(0).integers(0, 256, (240, 240, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    (tmp_path / "read.py").write_text(READ)
    command = [sys.executable, str(tmp_path / "read.py"), str(tmp_path / "a.jpg"), guard]
    result = subprocess.run(
        [*IN_SMALL_SHARED_MEMORY, MOUNT, *command],
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(os.environ),
    )
    if guard == "guarded":
        assert result.returncode == 0, result.stderr
        assert result.stdout.split() == ["0", "96"]
        assert "no workers decode the photos" in result.stderr
    else:
        assert result.returncode == 1
        assert "use fewer --workers (0 needs none)" in result.stderr
