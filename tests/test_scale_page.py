"""docs/scale.md keeps its word: its commands exist, its jobs are valid, and its program runs."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from command_lines import check_command, commands_of
from command_worlds import World

import geoguess_cli

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scale.md"
TEXT = PAGE.read_text(encoding="utf-8")
SHARD = re.compile(r"\"?\$\(?\(?[^)\"/]+\)?\)?/16\"?")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.M | re.S)


def test_the_commands_for_slurm_exist() -> None:
    jobs = blocks("sh")
    assert [job.startswith("#!/bin/bash\n#SBATCH") for job in jobs] == [True, True]
    (train,) = re.findall(r"-m geoguess_cli (.*)", jobs[0])
    check_command(train.split())
    (predict,) = commands_of(PAGE)
    assert predict[-1] == "$SLURM_ARRAY_TASK_ID/16"
    check_command([*predict[:-1], "16/16"])
    options = set(re.findall(r"--[a-z-]+", jobs[0].partition("torchrun")[2].partition(" -m ")[0]))
    help_text = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--help"], capture_output=True, text=True
    ).stdout
    assert options
    assert all(option in help_text for option in options)


def test_the_jobs_for_kubernetes_are_valid() -> None:
    yaml = pytest.importorskip("yaml")
    job, training = map(yaml.safe_load, blocks("yaml"))
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (line,) = container["args"]
    command = SHARD.sub("16/16", line).split()
    assert command[0] == "geoguess"
    check_command(command[1:])
    assert line.endswith(f'/{job["spec"]["completions"]}"')
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}
    assert training["command"][0] == "torchrun"
    check_command(training["args"][2:])


def test_the_program_for_ray_answers_as_predict(trained_world: World, tmp_path: Path) -> None:
    """On two workers."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("the extra `ray` is not installed")
    (program,) = blocks("python")
    job = tmp_path / "job.py"
    start = "ray.init(num_cpus=3, include_dashboard=False)\n    rows = ray"
    # Small batches, so that both workers have some.
    job.write_text(program.replace("rows = ray", start).replace("batch_size=512", "batch_size=16"))
    for name in ("photos.csv", "photos", "artifacts"):
        (tmp_path / name).symlink_to(trained_world.folder / name)
    package = str(Path(geoguess_cli.__file__).parents[1])
    paths = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, job],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    rows = pl.read_parquet(tmp_path / "answers-ray" / "*.parquet").sort("row")
    trained_world.run("predict", "photos.csv", "-o", tmp_path / "one.csv")
    one = pl.read_csv(tmp_path / "one.csv")
    assert rows["row"].to_list() == list(range(len(one)))
    for column in ("latitude", "longitude"):
        assert rows[column].to_list() == pytest.approx(one[column].to_list(), abs=1e-4)


def test_the_sums_follow_from_what_was_measured() -> None:
    """Each row of the sums names its photos, its rate and its hours."""
    rows = re.findall(r"([\d,]+) photos ÷ ([\d,.]+)/s = ([\d,.]+) h", TEXT)
    assert len(rows) >= 4
    for photos, rate, hours in (map(_number, row) for row in rows):
        assert hours == pytest.approx(photos / rate / 3600, rel=0.02)


def _number(text: str) -> float:
    return float(text.replace(",", ""))
