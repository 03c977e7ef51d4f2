"""The parameters of a scene are those of its place and of what stands in it."""

import dataclasses

import pytest
from world import scene
from world.parameters import OTHERS, PAINTED, PLACE, parameters


def test_the_groups_are_all_that_there_is(shots):
    assert {*PLACE, *PAINTED, *OTHERS} == parameters(shots[0]).keys()


def test_the_sky_is_no_part_of_the_place(shots):
    shot = shots[5]
    later = dataclasses.replace(shot, sun_deg=shot.sun_deg / 2, clouds=1.0)
    own, other = parameters(shot), parameters(later)
    assert own["sky"] != other["sky"]
    assert {group: own[group] for group in PLACE} == {group: other[group] for group in PLACE}


def test_what_stands_in_a_scene_is_what_the_place_has(shots):
    for shot in shots[::97]:
        site, standing = scene.objects(shot)
        kinds = {kind for kind, _ in standing}
        assert {f"pole {site.around.roads.pole}"} >= {kind for kind in kinds if "pole" in kind}
        fences = {kind.removeprefix("fence ") for kind in kinds if kind.startswith("fence")}
        assert fences <= site.around.fences.keys()
        signs = [kind for kind in kinds if kind.startswith("sign")]
        assert not (signs and site.road.kind == "county")


def test_only_a_paved_road_shows_how_the_state_builds_it(shots):
    gravel = next(shot for shot in shots if shot.drive.road_kind == "county")
    paved = next(shot for shot in shots if shot.drive.road_kind == "highway")
    assert parameters(gravel)["road painted"] == {"gravel": 1.0}
    own = parameters(paved)
    assert own["road painted"] == own["road"]
    assert own["road"]["highway"] == 1.0


def test_fields_take_the_share_of_the_roadside_that_they_have(shots):
    assert sum(parameters(shots[3])["fields"].values()) == pytest.approx(1.0)
