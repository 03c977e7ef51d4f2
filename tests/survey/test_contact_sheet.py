"""The contact sheet outlines the spot in photos of its drive and of others."""

from dataclasses import replace

from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.survey.contact_sheet import suspects_sheet


def sheet(survey, known, **options) -> Figure:
    count = len(survey.suspects)
    return suspects_sheet(
        survey.suspects,
        lambda row: Image.open(known.files[row]),
        size=32,
        drives=["drive-0"] * count,
        answers=["cell bb"] * count,
        **options,
    )


def test_each_photo_has_the_spot_outlined(surveyed, known) -> None:
    figure = sheet(surveyed(range(9)), known)
    photos = [image for ax in figure.axes for image in ax.images if image.get_gid() == "photo"]
    assert len(photos) == 3 + 2
    patches = [patch for ax in figure.axes for patch in ax.patches]
    boxes = {patch.get_bbox().bounds for patch in patches if patch.get_gid() == "spot"}
    assert boxes == {(8, 24, 8, 8)}
    texts = [text.get_text() for text in figure.texts]
    assert "1  drive drive-0, 3 photos: cell bb" in texts
    assert "Suspected shortcuts: 1 spot" in texts


def test_a_long_list_is_cut_and_the_title_says_so(surveyed, known) -> None:
    survey = surveyed(range(9))
    survey = replace(survey, suspects=survey.suspects * 3)
    figure = sheet(survey, known, rows=2)
    texts = [text.get_text() for text in figure.texts]
    assert "Suspected shortcuts: 3 spots, the first 2" in texts
    assert not any(text.startswith("3  drive") for text in texts)
