"""A shortage of memory is known by what libraries say of it."""

from pathlib import Path

import pytest
import torch

from geoguess_cli.shortage import free_memory, shortage


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "there is too little memory"),
        (RuntimeError("std::bad_alloc"), "there is too little memory"),
        (OSError(12, "Cannot allocate memory"), "there is too little memory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."), "21 MB more"),
        (RuntimeError("MPS backend out of memory. Tried to allocate 1.5 GB on private"), "1.6 GB"),
        (RuntimeError("shape mismatch"), None),
        (OSError(2, "No such file"), None),
        (ValueError("std::bad_alloc"), None),
    ],
)
def test_the_words_of_a_shortage(error: BaseException, words: str | None) -> None:
    assert (words is None) == (shortage(error) is None)
    assert shortage(error) is None or str(shortage(error)).startswith(words or "")


def test_torch_s_own_error_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**58, dtype=torch.uint8)
    assert shortage(caught.value) == "288 PB more were needed"


def test_free_memory_is_that_of_the_machine_or_of_its_container(tmp_path: Path) -> None:
    processes, groups = tmp_path / "proc", tmp_path / "groups"
    where = {"processes": processes, "groups": groups}
    assert free_memory(**where) is None
    processes.mkdir()
    (processes / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    assert free_memory(**where) == 5000 * 1024
    groups.mkdir()
    (groups / "memory.current").write_text("1000000\n")
    (groups / "memory.max").write_text("max\n")
    assert free_memory(**where) == 5000 * 1024
    (groups / "memory.max").write_text("3000000\n")
    assert free_memory(**where) == 2_000_000
    if Path("/proc/meminfo").exists():
        assert (free_memory() or 0) > 0
