"""Smooth deterministic noise on the plane, for everything in the world that is uneven."""

import numpy as np

_SIDE = 256
_FLAT = np.random.default_rng(20250428).random(_SIDE * _SIDE).astype(np.float32)


def value_noise(x: np.ndarray, y: np.ndarray, seed: int = 0) -> np.ndarray:
    """Values in [0, 1] that vary smoothly over one unit; the same place always has the same."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    floor_x, floor_y = np.floor(x), np.floor(y)
    fade_x, fade_y = _fade(x - floor_x), _fade(y - floor_y)
    # A seed is a jump on the one lattice: primes keep the jumps of near seeds apart.
    left = (floor_x.astype(np.int64) + 57 * seed) & (_SIDE - 1)
    low = (floor_y.astype(np.int64) + 131 * seed) & (_SIDE - 1)
    right, high = (left + 1) & (_SIDE - 1), ((low + 1) & (_SIDE - 1)) * _SIDE
    low = low * _SIDE
    at_low = _blend(_FLAT[low + left], _FLAT[low + right], fade_x)
    at_high = _blend(_FLAT[high + left], _FLAT[high + right], fade_x)
    return _blend(at_low, at_high, fade_y)


def fractal(
    x: np.ndarray, y: np.ndarray, *, seed: int = 0, octaves: int = 4, gain: float = 0.5
) -> np.ndarray:
    """Noise in [0, 1] whose every octave is half as wide and `gain` as strong."""
    total, weight, share = 0.0, 0.0, 1.0
    for octave in range(octaves):
        scale = 2.0**octave
        total = total + share * value_noise(x * scale, y * scale, seed + 17 * octave)
        weight, share = weight + share, share * gain
    return np.asarray(total) / weight


def ridged(x: np.ndarray, y: np.ndarray, *, seed: int = 0, octaves: int = 4) -> np.ndarray:
    """Noise in [0, 1] with sharp crests, as mountains have."""
    total, weight, share = 0.0, 0.0, 1.0
    for octave in range(octaves):
        scale = 2.0**octave
        crest = 1 - np.abs(2 * value_noise(x * scale, y * scale, seed + 29 * octave) - 1)
        total = total + share * crest**2
        weight, share = weight + share, share * 0.45
    return np.asarray(total) / weight


def smoothstep(value: np.ndarray | float, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, smooth between."""
    return _fade(np.clip((np.asarray(value, np.float64) - low) / (high - low), 0.0, 1.0))


def _blend(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    return start + (end - start) * share


def _fade(t: np.ndarray) -> np.ndarray:
    return (t * t * (3 - 2 * t)).astype(np.float32)
