"""The figure of a survey shows its numbers."""

import numpy as np

from geoguess_cli.survey.figures import attention_figure
from geoguess_cli.wording import text_of


def test_the_figure_shows_the_mean_map_and_the_shares(surveyed) -> None:
    attention = surveyed(range(9)).attention
    figure = attention_figure(attention, window=8)
    texts = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
    lower = text_of(attention.thirds["lower"], "share")
    assert lower.value in texts
    assert lower.interval in texts
    images = [image for ax in figure.axes for image in ax.images]
    (mean_map,) = [image for image in images if image.get_gid() == "mean-map"]
    np.testing.assert_array_equal(mean_map.get_array(), attention.mean_drop)
    assert mean_map.norm.vmin == -mean_map.norm.vmax
    assert any("9 photos, 3 drives" in text.get_text() for text in figure.texts)


def test_the_shares_of_one_drive_have_no_interval(surveyed) -> None:
    figure = attention_figure(surveyed([0, 1]).attention, window=8)
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert "upper third" in texts
