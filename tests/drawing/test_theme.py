"""Colours as people see them, with and without colour blindness."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from geoguess_cli.drawing import theme

# Machado, Oliveira and Fernandes, IEEE TVCG 15 (2009), severity 1, on linear RGB.
SIMULATED = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
THEMES = list(theme.THEMES)


def as_seen(rgb: np.ndarray, sight: str) -> np.ndarray:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = (linear @ SIMULATED[sight].T).clip(0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("name", THEMES)
def test_lightness_goes_one_way_in_even_steps(name: str, as_lab) -> None:  # type: ignore[no-untyped-def]
    colors = theme.THEMES[name].sequential(np.linspace(0, 1, 33))
    steps = np.diff(as_lab(colors)[:, 0])
    steps *= np.sign(steps.sum())
    assert steps.min() > 0.6 * steps.mean()
    assert steps.max() < 1.4 * steps.mean()
    assert steps.sum() > 65


@pytest.mark.parametrize("sight", sorted(SIMULATED))
@pytest.mark.parametrize("name", THEMES)
def test_amounts_can_be_told_apart_with_any_cones(name: str, sight: str, as_lab) -> None:  # type: ignore[no-untyped-def]
    """A just noticeable difference is about 2.3 (Mahy et al., 1994)."""
    colors = theme.THEMES[name].sequential(np.linspace(0, 1, 11))[:, :3]
    seen = as_lab(as_seen(colors, sight))
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    assert np.diagonal(apart, 1).min() > 5
    # Amounts further apart never look nearer than their neighbours do.
    assert apart[~np.eye(11, dtype=bool)].min() >= np.diagonal(apart, 1).min() - 1e-9


@pytest.mark.parametrize("sight", sorted(SIMULATED))
@pytest.mark.parametrize("name", THEMES)
def test_the_truth_stands_out_from_every_amount(name: str, sight: str, as_lab) -> None:  # type: ignore[no-untyped-def]
    """The red dot, or the white ring around it."""
    colors = theme.THEMES[name].sequential(np.linspace(0, 1, 33))[:, :3]
    seen = as_lab(as_seen(colors, sight))
    marks = [as_lab(as_seen(np.array(to_rgb(mark)), sight)) for mark in (theme.TRUTH, theme.PAGE)]
    apart = np.stack([np.linalg.norm(seen - mark, axis=1) for mark in marks])
    assert apart.max(axis=0).min() > 25


@pytest.mark.parametrize("name", THEMES)
def test_text_is_legible_on_its_ground(name: str) -> None:
    """WCAG 2.2, success criterion 1.4.3: a contrast of 4.5 at least."""
    colors = theme.THEMES[name]
    for text, ground in (
        (colors.ink, colors.page),
        (colors.muted, colors.page),
        (colors.name, colors.halo),
        (colors.country_name, colors.halo),
        (colors.name, colors.land),
        (colors.country_name, colors.sea),
    ):
        assert contrast(text, ground) >= 4.5, (text, ground)


def contrast(a: str, b: str) -> float:
    rgb = np.array([to_rgb(a), to_rgb(b)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    dark, light = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return float((light + 0.05) / (dark + 0.05))


@pytest.mark.parametrize("name", THEMES)
def test_cells_of_which_nothing_is_known_look_like_no_amount(name: str, as_lab) -> None:  # type: ignore[no-untyped-def]
    colors = theme.THEMES[name]
    amounts = as_lab(colors.sequential(np.linspace(0, 1, 65)))
    missing = as_lab(np.array(to_rgb(colors.missing)))
    assert np.linalg.norm(amounts - missing, axis=1).min() > 8
