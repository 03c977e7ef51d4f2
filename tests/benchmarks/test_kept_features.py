"""The benchmark of kept features: a small run prints what the claims read."""

import json
import sys
from pathlib import Path

import claims
import kept_features
import pytest

WIDTH = 24


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_small_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    run = ["kept_features.py", "--photos", "3000", "--zips", "2", "--width", str(WIDTH)]
    monkeypatch.setattr(sys, "argv", run)
    kept_features.main()
    result = json.loads(capsys.readouterr().out)
    assert (result["photos"], result["width"]) == (3000, WIDTH)
    assert 0.05 < result["memory_gb"] < 2  # the imports at least
    assert result["batch_ms"] > 0
    read = {claim.key for claim in claims.CLAIMS if claim.command == "kept_features.py"}
    assert read == {"disk_gb", "memory_gb"} <= result.keys()


def test_a_store_takes_what_its_rows_and_keys_take(tmp_path: Path) -> None:
    files = kept_features.table(3000, 2).files
    size = kept_features.write_store(tmp_path, files, WIDTH)
    # A row of float16, its key, and a second key beside a copy of the first.
    assert size * 1e9 == pytest.approx(3000 * (2 * WIDTH + 16 + 32), abs=1000)
