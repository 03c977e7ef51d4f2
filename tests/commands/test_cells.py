"""`geoguess cells` through the command line."""

import json

import geopandas
import numpy as np
import polars as pl
import pytest
from PIL import Image

from geoguess_cli.geo.geodesy import great_circle_km


def test_build_counts_training_photos_only(world) -> None:
    told = json.loads(world.run("cells", "build", "--json").stdout)
    assert told["photos"] == 72
    frame = pl.read_parquet(world.folder / "artifacts" / "cells.parquet")
    assert told["cells"] == len(frame) >= 3
    assert frame["photos"].sum() == told["covered"] <= 72
    assert frame["photos"].max() <= 30
    assert frame["photos"].min() >= 5


def test_build_of_all_photos_and_other_bounds(world) -> None:
    told = json.loads(
        world.run(
            *("cells", "build", "--split", "all", "--max-photos", "96", "--min-photos", "1"),
            *("-o", "one.parquet", "--json"),
        ).stdout
    )
    # Portland lies on another face of the cube than Bozeman and Dallas.
    assert told == {"cells": 2, "photos": 96, "covered": 96, "path": "one.parquet"}
    assert (world.folder / "one.parquet").is_file()
    assert not (world.folder / "artifacts").exists()


def test_build_of_a_list_of_places_without_photos(world) -> None:
    (world.folder / "places.csv").write_text("lat,lng\n10,10\n10.001,10\n-40,30\n200,3\n")
    result = world.run("cells", "build", "--photos", "places.csv", "--min-photos", "2", "--json")
    assert json.loads(result.stdout)["photos"] == 3
    assert "row 5: latitude is 200" in result.stderr


def test_nothing_to_build_from(world) -> None:
    result = world.run("cells", "build", "--photos", "nowhere.csv", code=1)
    assert result.stdout == ""
    assert result.stderr.startswith("error: no photos at nowhere.csv; ")
    assert len(result.stderr.splitlines()) == 1


def test_show_lists_the_cells_near_a_place(trained_world) -> None:
    near = trained_world.run(
        "cells", "show", "--near", "45.68,-111.04", "--radius-km", "30", "--format", "jsonl"
    )
    rows = [json.loads(line) for line in near.stdout.splitlines()]
    everything = trained_world.run("cells", "show", "--format", "jsonl").stdout.splitlines()
    assert 0 < len(rows) < len(everything)
    places = np.array([(row["latitude"], row["longitude"]) for row in rows])
    assert (great_circle_km(places, np.array([[45.68, -111.04]])) < 200).all()
    photos = [row["photos"] for row in rows]
    assert photos == sorted(photos, reverse=True)


def test_show_as_geojson_opens_elsewhere(trained_world, tmp_path) -> None:
    trained_world.run("cells", "show", "-o", tmp_path / "cells.geojson")
    frame = geopandas.read_file(tmp_path / "cells.geojson")
    assert frame.crs == "EPSG:4326"
    assert frame.geometry.is_valid.all()
    assert frame["token"].is_unique


def test_show_piped_is_plain(trained_world) -> None:
    lines = trained_world.run("cells", "show").stdout.splitlines()
    assert "\x1b" not in "".join(lines)
    header = next(line for line in lines if "token" in line)
    assert header.split() == [
        "token",
        "level",
        "photos",
        "latitude",
        "longitude",
        "area",
        "km²",
        "place",
    ]


@pytest.mark.parametrize("place", ["91,0", "here", "1,2,3", "0,400"])
def test_show_refuses_no_place(trained_world, place: str) -> None:
    told = trained_world.run("cells", "show", "--near", place, code=2)
    assert "--near" in told.stderr
    assert told.stdout == ""


def test_map_is_a_picture(trained_world, tmp_path) -> None:
    trained_world.run("cells", "map", "-o", tmp_path / "cells.png")
    with Image.open(tmp_path / "cells.png") as image:
        assert min(image.size) > 600


@pytest.mark.parametrize("color", ["photos", "level"])
@pytest.mark.parametrize("ending", ["svg", "pdf", "html", "geojson", "parquet"])
def test_map_in_every_form(trained_world, tmp_path, color: str, ending: str) -> None:
    path = tmp_path / f"cells.{ending}"
    trained_world.run("cells", "map", "-o", path, "--color", color, "--theme", "dark")
    starts = {"svg": b"<?xml", "pdf": b"%PDF", "html": b"<!doctype html>"}
    starts |= {"geojson": b"{", "parquet": b"PAR1"}
    assert path.read_bytes().startswith(starts[ending])


@pytest.fixture
def report(trained_world, tmp_path):
    """A report with two test photos in the first cell, one of them right."""
    cells = pl.read_parquet(trained_world.folder / "artifacts" / "cells.parquet")
    rows = {"token": [cells["token"][0]] * 2 + [None], "rank": [1, 2, 3]}
    pl.DataFrame(rows).write_parquet(tmp_path / "predictions.parquet")
    return tmp_path


def test_map_of_the_accuracy_that_a_report_found(trained_world, report) -> None:
    for ending, read in (("geojson", geopandas.read_file), ("parquet", geopandas.read_parquet)):
        path = report / f"cells.{ending}"
        trained_world.run("cells", "map", "-o", path, "--report", report)
        frame = read(path)
        assert frame.geometry.is_valid.all()
        assert frame["accuracy"][0] == 0.5
        assert frame["accuracy"][1:].isna().all()
        assert frame["test_photos"].tolist() == [2] + [0] * (len(frame) - 1)
    trained_world.run("cells", "map", "-o", report / "cells.html", "--report", report)
    page = (report / "cells.html").read_text()
    assert "50 % of 2 test photos right" in page
    assert page.index("accuracy of the cell") < page.index("S2 level of the cell")
    trained_world.run(
        "cells", "map", "-o", report / "cells.png", "--color", "accuracy", "--report", report
    )
    with Image.open(report / "cells.png") as image:
        assert min(image.size) > 600


def test_map_of_accuracy_needs_a_report(trained_world, tmp_path) -> None:
    told = trained_world.run("cells", "map", "--color", "accuracy", code=2)
    assert "--report" in told.stderr
    told = trained_world.run("cells", "map", "--report", tmp_path, code=1)
    assert "geoguess eval" in told.stderr
    (tmp_path / "predictions.parquet").write_bytes(b"no table")
    told = trained_world.run("cells", "map", "--report", tmp_path, code=1)
    assert told.stderr.startswith("error: ")
    assert ".png" in trained_world.run("cells", "map", "-o", "cells.bmp", code=2).stderr


def test_assign_gives_cells_or_nothing(trained_world, tmp_path) -> None:
    for uncovered, least in (("drop", 1), ("nearest", 96)):
        path = tmp_path / f"{uncovered}.csv"
        told = trained_world.run(
            "cells", "assign", "-o", path, "--uncovered", uncovered, "--json"
        ).stdout
        frame = pl.read_csv(path, infer_schema=False)
        assert json.loads(told)["assigned"] == len(frame) - frame["token"].null_count() >= least
        assert frame.columns[:3] == ["photo", "latitude", "longitude"]


def test_assign_refuses_another_rule(trained_world) -> None:
    assert "uncovered" in trained_world.run("cells", "assign", "--uncovered", "x", code=2).stderr


def test_cells_that_are_not_there(world) -> None:
    assert "geoguess cells build" in world.run("cells", "show", code=1).stderr


def test_a_folder_is_no_place_for_a_file(world) -> None:
    told = world.run("cells", "build", "-o", "photos", code=1)
    assert told.stderr.splitlines()[-1] == "error: photos is a folder; give the path of a file"


@pytest.fixture
def one_place(world) -> str:
    """150 photos at the centre of a town, and 60 around it."""
    rng = np.random.default_rng(0)
    around = rng.normal((51.5, -0.12), 0.5, (60, 2))
    latlng = np.concatenate([np.tile([[51.5007, -0.1246]], (150, 1)), around])
    pl.DataFrame(latlng, ["latitude", "longitude"], orient="row").write_csv(
        world.folder / "places.csv"
    )
    return "places.csv"


def test_cells_that_are_smaller_than_gps_can_mean_are_said(world, one_place) -> None:
    built = world.run(
        "cells", "build", "--photos", one_place, "--max-level", "30", "-o", "c.parquet"
    )
    assert "of level 30, is 0.74 cm wide and holds 150 photos" in built.stderr
    assert "`--max-level 16` stops at about 150 m" in built.stderr
    coarser = ("cells", "build", "--photos", one_place, "--max-level", "16", "-o", "d.parquet")
    assert "smaller" not in world.run(*coarser).stderr


def test_a_cell_of_level_30_has_its_area_and_a_valid_outline(world, one_place) -> None:
    world.run("cells", "build", "--photos", one_place, "--max-level", "30", "-o", "c.parquet")
    first = json.loads(
        world.run("cells", "show", "--cells", "c.parquet", "--json").stdout.splitlines()[0]
    )
    assert first["area_km2"] == pytest.approx(5.535e-11)
    assert "5.5e-11" in world.run("cells", "show", "--cells", "c.parquet").stdout
    world.run("cells", "map", "--cells", "c.parquet", "-o", "c.geojson")
    frame = geopandas.read_file(world.folder / "c.geojson")
    assert frame.is_valid.all()
    assert frame.to_crs("EPSG:6933").area.min() == pytest.approx(5.5e-5, rel=0.05)
