"""Processes that work together agree; one that works alone needs no other."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from process_worlds import Pair
from torch import nn

import geoguess_cli.model.processes as processes_module
from geoguess_cli.errors import ConfigError, ModelError, ProcessError
from geoguess_cli.model.processes import ALONE, Processes, join


def sums(processes: Processes) -> list[float]:
    return processes.total(1, 0.1 * processes.rank, processes.rank == 1)


def names(processes: Processes) -> list[str]:
    return processes.gathered(f"rank {processes.rank}")


def led(processes: Processes) -> tuple[int, str]:
    """The value of the leader, and the error of the leader."""

    def refuse() -> None:
        raise ModelError(f"rank {processes.rank} refuses")

    value = processes.of_leader(lambda: processes.rank + 7)
    try:
        processes.of_leader(refuse)
    except ModelError as error:
        return value, str(error)
    raise AssertionError("no error arrived")


def aligned(processes: Processes) -> float:
    """A running mean that differs between the processes, after they align."""
    norm = nn.BatchNorm2d(1)
    norm.running_mean.fill_(processes.rank + 3)
    processes.align_buffers(norm)
    return float(norm.running_mean)


def test_values_of_all_processes_arrive_in_each(pair: Pair) -> None:
    assert pair.run(sums) == [[2, 0.1, 1]] * 2
    assert pair.run(names) == [["rank 0", "rank 1"]] * 2


def test_what_the_leader_finds_holds_for_all_and_so_does_its_error(pair: Pair) -> None:
    assert pair.run(led) == [(7, "rank 0 refuses")] * 2
    assert pair.run(aligned) == [3.0, 3.0]


def test_a_process_alone_never_touches_the_distributed_package() -> None:
    """As on builds of torch that lack it."""
    script = (
        "import sys, torch\n"
        "class Absent:\n"
        "    def __getattr__(self, name): raise AssertionError(name)\n"
        "from geoguess_cli.model.processes import ALONE, join, leave\n"
        "torch.distributed = Absent()\n"
        "assert join(ALONE, device='auto') is ALONE\n"
        "module = torch.nn.Linear(2, 2)\n"
        "with ALONE.together():\n"
        "    assert ALONE.total(1, 2.5) == [1, 2.5] and ALONE.gathered('a') == ['a']\n"
        "    assert ALONE.of_leader(lambda: 5) == 5 and ALONE.joint(module) is module\n"
        "    assert ALONE.prepared(module, torch.device('cuda')) is module\n"
        "    ALONE.align_buffers(module)\n"
        "leave(ALONE)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_only_the_loss_of_a_process_is_an_error_of_processes() -> None:
    two = Processes(0, 2)
    lost = RuntimeError("[gloo/transport/tcp/pair.cc:547] Connection closed by peer [::1]:80")
    with pytest.raises(ProcessError, match="another process of this job ended"), two.together():
        raise lost
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), two.together():
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="Connection closed"), ALONE.together():
        raise lost


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A machine with two GPUs, as far as torch is asked; what is connected."""
    calls: list[Any] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", lambda index: calls.append(index))
    connect = lambda backend, **_: calls.append(backend)  # noqa: E731
    monkeypatch.setattr(torch.distributed, "init_process_group", connect)
    monkeypatch.setattr(processes_module, "_meeting_point", lambda _: None)
    return calls


def test_each_process_takes_a_gpu_of_its_own(two_gpus: list[Any]) -> None:
    join(Processes(3, 4, 1, 2), device="auto")
    assert two_gpus == [1, "cpu:gloo,cuda:nccl"]
    with pytest.raises(ConfigError, match=r"started 4 processes .* has 2 GPUs; use --nproc-per-no"):
        join(Processes(3, 4, 3, 4), device="cuda")
    with pytest.raises(ConfigError, match="`cuda:1`, and 2 processes would share it"):
        join(Processes(1, 2, 1, 2), device="cuda:1")
    join(Processes(1, 4, 1, 4), device="cpu")
    assert two_gpus[2:] == ["gloo"]


REPOSITORY = Path(processes_module.__file__).parents[2]

RESTARTED = """
import os, signal, sys
from geoguess_cli.model.processes import Processes, join, leave

rank, attempt = int(os.environ["RANK"]), int(os.environ["TORCHELASTIC_RESTART_COUNT"])
job = join(Processes(rank, 2, rank, 2, attempt), device="cpu")
if attempt == 0 and rank == 1:
    os.kill(os.getpid(), signal.SIGKILL)
print(f"attempt {attempt}: {job.total(1)}", flush=True)
leave(job)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill so")
@pytest.mark.promise("kill", "torchrun: one of the processes of a job")
def test_torchrun_starts_a_job_again_when_a_process_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(RESTARTED)
    options = ["--standalone", "--nproc-per-node", "2", "--max-restarts", "2"]
    command = [sys.executable, "-m", "torch.distributed.run", *options, str(script)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # Two processes write at once, so the ends of their lines may change places.
    assert done.stdout.replace("\n", "") == "attempt 1: [2.0]" * 2


def test_norms_count_the_photos_of_all_gpus_and_keep_what_follows_them() -> None:
    from timm.layers import BatchNormAct2d

    module = nn.Sequential(nn.BatchNorm2d(3), BatchNormAct2d(3))
    assert Processes(0, 2).prepared(module, torch.device("cpu")) is module
    norm, with_activation = Processes(0, 2).prepared(module, torch.device("cuda"))
    assert isinstance(norm, nn.SyncBatchNorm)
    assert isinstance(with_activation, nn.SyncBatchNorm)
    assert isinstance(with_activation.act, nn.ReLU)
