"""A survey by two processes is that of one."""

import json
from pathlib import Path

import pytest
from command_worlds import World
from process_worlds import Pair, approximately


@pytest.mark.parametrize("target", ["top", "truth"])
def test_the_survey_is_that_of_one_process(
    trained_world: World, pair: Pair, tmp_path: Path, target: str
) -> None:
    verb = ("survey", "--window", "8", "--stride", "8", "--target", target, "--json", "-o")
    one = json.loads(trained_world.run(*verb, tmp_path / "one").stdout)
    (code, out, _), second = pair.geoguess(trained_world.folder, *verb, tmp_path / "two")
    assert (code, second) == (0, (0, "", ""))
    assert json.loads(out) == approximately(one)
    assert scans(tmp_path / "two").keys() == scans(tmp_path / "one").keys()


def test_a_survey_of_one_process_is_gone_on_with_by_two(
    trained_world: World, pair: Pair, tmp_path: Path
) -> None:
    """No photo is scanned twice."""
    verb = ("survey", "--window", "8", "--stride", "8", "--json", "-o", tmp_path)
    trained_world.run(*verb, "--limit", "5")
    earlier = scans(tmp_path)
    (first, _) = pair.geoguess(trained_world.folder, *verb)
    assert f"holds the maps of {len(earlier)} photos; going on" in first[2]
    report = json.loads(first[1])
    kept = scans(tmp_path)
    assert len(kept) == report["counts"]["photos"] == 12
    assert {name: kept[name] for name in earlier} == earlier


def scans(folder: Path) -> dict[str, str]:
    """The lines of the one store of maps, by photo."""
    (path,) = (folder / "maps").iterdir()
    lines = path.read_text().splitlines()[1:]
    names = [json.loads(line)["photo"] for line in lines]
    assert len(set(names)) == len(names)
    return dict(zip(names, lines, strict=True))
