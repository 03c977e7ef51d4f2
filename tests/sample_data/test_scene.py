"""What a photo shows: the place in the land, nothing of it in the sky, and labels that fit."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from world import canvas, scene
from world.canvas import LABELS, ROAD, SKY, TERRAIN, VEGETATION, VEHICLE, Canvas
from world.geography import offset, towns


def shot_of(shots, **wanted):
    """The first photo of a plain drive with these values."""
    return next(
        shot
        for shot in shots
        if shot.drive.bonnet is None
        and not shot.drive.dirt
        and all(getattr(shot.drive, name) == value for name, value in wanted.items())
    )


def moved(shot, town):
    (place,) = [known for known in towns() if known.name == town]
    latitude, longitude = offset(place.latitude, place.longitude, 200, 45)
    return dataclasses.replace(shot, latitude=latitude, longitude=longitude, state=place.state)


def test_same_shot_is_the_same_picture(shots):
    first, second = scene.render(shots[7]), scene.render(shots[7])
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_sky_does_not_tell_the_place(shots):
    shot = shot_of(shots, road_kind="highway", truck=None)
    here, there = (scene.render(moved(shot, town)) for town in ("Lubbock", "Salem"))
    both = (here[1] == SKY) & (there[1] == SKY)
    # Away from outlines, where a pixel is a mixture.
    inner = both.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            inner &= np.roll(both, step, axis)
    assert inner.sum() > 5000
    same = (here[0] == there[0]).all(axis=-1)
    assert same[inner].mean() > 0.97  # a wire thinner than a pixel may tint its sky


def test_land_tells_the_place(shots):
    shot = shot_of(shots, road_kind="highway", truck=None)

    def land(town):
        photo, labels = scene.render(moved(shot, town))
        return photo[np.isin(labels, (TERRAIN, VEGETATION))].mean(axis=0)

    lubbock, salem, valentine = land("Lubbock"), land("Salem"), land("Valentine")
    red_over_green = {"lubbock": lubbock[0] / lubbock[1], "salem": salem[0] / salem[1]}
    assert red_over_green["lubbock"] > 1.15  # cotton soil
    assert red_over_green["salem"] < 1.0  # meadows and firs
    assert valentine.mean() > salem.mean() + 15  # pale sand hills


def test_heading_changes_the_view(shots):
    shot = moved(shot_of(shots, road_kind="highway", truck=None), "Jackson")
    north, south = (
        scene.render(dataclasses.replace(shot, heading_deg=heading))[1] for heading in (0.0, 180.0)
    )
    assert (north != south).mean() > 0.02


def test_truck_is_where_its_mask_says(shots):
    shot = next(shot for shot in shots if shot.truck and not shot.drive.dirt)
    with_truck, labels = scene.render(shot)
    without, plain = scene.render(dataclasses.replace(shot, truck=False))
    truck = (labels == VEHICLE) & (plain != VEHICLE)
    changed = np.abs(with_truck.astype(int) - without).max(axis=-1) > 12
    assert truck.sum() > 300
    assert changed[truck].mean() > 0.8
    # Outside of it only its shadow, which lies right under it.
    rows = np.flatnonzero(truck.any(axis=1))
    outside = changed & ~truck & (labels != VEHICLE)
    assert outside[: rows.max() - 12].mean() < 0.004


def test_labels_of_a_plain_road(shots):
    shot = shot_of(shots, road_kind="highway", truck=None)
    photo, labels = scene.render(moved(shot, "Valentine"))
    assert photo.shape == (192, 288, 3)
    assert labels.shape == (192, 288)
    assert photo.dtype == labels.dtype == np.uint8
    assert set(np.unique(labels)) <= set(range(len(LABELS)))
    assert (labels[:20] == SKY).mean() > 0.9
    assert (labels[-3:, 120:200] == ROAD).mean() > 0.95


def test_one_call_draws_picture_and_labels():
    blank = np.zeros((40, 60, 3)), np.zeros((40, 60), np.uint8)
    sheet = Canvas(*blank)
    red = np.array([200.0, 0, 0])
    sheet.polygon([(4, 4), (23, 4), (23, 15), (4, 15)], red, canvas.BUILDING)
    sheet.line([(40, 0), (40, 39)], red, 4, canvas.OTHER + 2)
    sheet.ellipse((14, 28), 6, 6, red, VEGETATION)
    painted = np.asarray(sheet.image)[..., 0] > 0
    np.testing.assert_array_equal(painted, np.asarray(sheet.labels) > 0)
    photo, labels = sheet.photo()
    assert photo.shape == (20, 30, 3)
    assert (labels[2:8, 2:12] == canvas.BUILDING).all()
    assert labels[0, 0] == canvas.OTHER


def test_photo_takes_the_most_frequent_label_of_a_block():
    labels = np.array([[1, 1, 2, 3], [1, 4, 3, 3]], np.uint8)
    _, small = Canvas(np.zeros((2, 4, 3)), labels).photo()
    np.testing.assert_array_equal(small, [[1, 3]])


def test_masks_from_the_command_line(generator, tmp_path, capsys):
    generator.main(["--masks", "2", "-o", str(tmp_path), "--workers", "1"])
    photos, masks = (sorted((tmp_path / folder).iterdir()) for folder in ("photos", "masks"))
    assert [path.stem for path in photos] == [path.stem for path in masks]
    assert len(masks) == 2
    for path in masks:
        with Image.open(path) as mask:
            assert mask.mode == "L"
            assert mask.size == (288, 192)
            assert SKY in np.unique(np.asarray(mask))
    table = (tmp_path / "photos.csv").read_text().splitlines()
    assert len(table) == 3
    assert "2 road, 3 vegetation" in capsys.readouterr().err


@pytest.mark.parametrize("count", [1, 20, 10_000])
def test_masked_photos_are_of_held_out_drives(generator, shots, count):
    picked = generator.masked_shots(shots, count)
    assert {shot.split for shot in picked} == {"test"}
    assert len(picked) == len({shot.id for shot in picked}) <= count
