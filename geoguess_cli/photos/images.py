"""A picture as the array that a backbone expects, plain or with mild random changes."""

import math
from dataclasses import dataclass
from hashlib import blake2b
from typing import get_args

import numpy as np
from jaxtyping import Float, Float32
from PIL import Image

from geoguess_cli.choices import Resize
from geoguess_cli.drawing.luma import luma
from geoguess_cli.errors import ConfigError
from geoguess_cli.photos.decoder import decode_photo as decode_photo
from geoguess_cli.photos.position import read_position as read_position

MAX_ASPECT_JITTER = 1.1
"""A random crop is at most this much wider or narrower than the picture."""

_LONGEST = 16
"""Greatest ratio of a picture's sides at which it is resized whole before its centre is cut out."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom of a part of a picture, in pixels."""

_RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@dataclass(frozen=True)
class ImageSpec:
    """What a backbone expects of a picture.

    Attributes:
        size: Side of the square, in pixels.
        mean: Mean of red, green, blue in [0, 1], which is subtracted.
        std: Standard deviation of red, green, blue, which the difference is divided by.
        interpolation: "bicubic" or "bilinear".
        resize: "squash" makes the whole picture square (the paper), "crop" keeps its proportions
            and takes the square in the centre, "center-crop" does so on the whole pixels that
            CLIP takes, "pad" keeps the proportions and shows the whole picture between margins of
            the mean colour.

    Raises:
        ConfigError: The size is below 1, a deviation is not above 0, or a name is unknown.
    """

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"
    resize: Resize = "squash"

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigError(f"image size is {self.size}; it must be 1 or more")
        if min(self.std) <= 0:
            raise ConfigError(f"image std is {self.std}; each must be above 0")
        if self.interpolation not in _RESAMPLING:
            known = " or ".join(_RESAMPLING)
            raise ConfigError(f"interpolation is {self.interpolation!r}; it must be {known}")
        if self.resize not in get_args(Resize):
            known = f"{', '.join(get_args(Resize)[:-1])} or {get_args(Resize)[-1]}"
            raise ConfigError(f"resize is {self.resize!r}; it must be {known}")

    @property
    def whole(self) -> bool:
        """Whether no crop of what the resizing keeps is taken."""
        return True

    @property
    def least_pixels(self) -> int:
        """Pixels of a picture's shorter side from which on nothing is enlarged."""
        return self.size

    def box(self, size: tuple[int, int]) -> Box:
        """The part of a picture of this width and height that is fitted to the square."""
        width, height = _base(size, self.resize)
        left, top = (size[0] - width) / 2, (size[1] - height) / 2
        return left, top, left + width, top + height


@dataclass(frozen=True)
class Augmentation:
    """Mild changes to a training photo.

    Attributes:
        crop_scale: Least share of the area that a random crop keeps, in (0, 1].
        color_jitter: Brightness, contrast and saturation vary by at most this share, in [0, 1].
        flip: Mirror every second photo. It mirrors signs and the side of the road too.

    Raises:
        ConfigError: A value is out of range.
    """

    crop_scale: float = 0.7
    color_jitter: float = 0.2
    flip: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.crop_scale <= 1:
            raise ConfigError(f"crop scale is {self.crop_scale}; it must lie in (0, 1]")
        if not 0 <= self.color_jitter <= 1:
            raise ConfigError(f"color jitter is {self.color_jitter}; it must lie in [0, 1]")


def fit_image(image: Image.Image, spec: ImageSpec) -> Image.Image:
    """The picture as the model sees it: square, of the spec's size.

    Args:
        image: An RGB picture.
        spec: Size, interpolation, and whether to squash, to crop or to pad.
    """
    if (
        spec.whole
        and spec.resize == "center-crop"
        and max(image.size) <= _LONGEST * min(image.size)
    ):
        return _center_cropped(image, spec)
    return _resized(image, spec, spec.box(image.size))


def _center_cropped(image: Image.Image, spec: ImageSpec) -> Image.Image:
    """The centre of a picture whose shorter side was resized to the spec's size.

    The longer side and the margin before the centre are rounded down to whole pixels, as by the
    CLIPImageProcessor of transformers. One pass with a box would round otherwise: Pillow chooses
    the order of its two passes by the size of the result.
    """
    size, short = spec.size, min(image.size)
    width, height = (size * side // short for side in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    resized = image.resize((width, height), _RESAMPLING[spec.interpolation])
    return resized.crop((left, top, left + size, top + size))


def to_array(image: Image.Image, spec: ImageSpec) -> Float32[np.ndarray, "3 s s"]:
    """The picture, fitted to the spec and normalised: float32, red, green, blue first.

    Args:
        image: An RGB picture of any size.
        spec: What the backbone expects.
    """
    return _normalised(_floats(fit_image(image, spec)), spec)


def augmented(
    image: Image.Image, spec: ImageSpec, augmentation: Augmentation, rng: np.random.Generator
) -> Float32[np.ndarray, "3 s s"]:
    """A random crop with random colours, as an array like that of `to_array`.

    Eight numbers are drawn from `rng`, whatever the augmentation.

    Args:
        image: An RGB picture of any size.
        spec: What the backbone expects.
        augmentation: The greatest changes.
        rng: The source of randomness.
    """
    scale_at, aspect_at, x_at, y_at, flip_at, *color_at = rng.random(8)
    box = _random_box(image, spec, augmentation, (scale_at, aspect_at, x_at, y_at))
    fitted = _resized(image, spec, box)
    if augmentation.flip and flip_at < 0.5:
        fitted = fitted.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    pixels = _floats(fitted)
    if augmentation.color_jitter:
        factors = 1 + augmentation.color_jitter * (2 * np.array(color_at) - 1)
        _jitter(pixels, *factors.astype(np.float32))
    return _normalised(pixels, spec)


def view_generator(name: str, view: int) -> np.random.Generator:
    """The randomness of one of a photo's fixed views: a function of its file name and the number.

    Args:
        name: The path of the photo; its folders do not count.
        view: Number of the view, from 0.
    """
    text = name.rpartition("/")[2].encode("utf-8", "surrogateescape")
    seed = int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
    return np.random.default_rng((seed, view))


def pixels_needed(spec: ImageSpec, augmentation: Augmentation | None = None) -> int:
    """Least number of pixels of a photo's shorter side at which no crop of it is enlarged."""
    if augmentation is None:
        return spec.least_pixels
    return math.ceil(spec.size * math.sqrt(MAX_ASPECT_JITTER / augmentation.crop_scale))


def _base(size: tuple[int, int], resize: Resize) -> tuple[int, int]:
    """Width and height of the part of a picture that is fitted to the square."""
    short = min(size)
    return (short, short) if resize in ("crop", "center-crop") else size


def _resized(image: Image.Image, spec: ImageSpec, box: Box) -> Image.Image:
    resampling, size = _RESAMPLING[spec.interpolation], (spec.size, spec.size)
    if spec.resize != "pad":
        return image.resize(size, resampling, box=box)
    sides = (box[2] - box[0], box[3] - box[1])
    width, height = (max(1, round(spec.size * side / max(sides))) for side in sides)
    margins = tuple(round(255 * channel) for channel in spec.mean)
    square = Image.new("RGB", size, margins)
    corner = ((spec.size - width) // 2, (spec.size - height) // 2)
    square.paste(image.resize((width, height), resampling, box=box), corner)
    return square


def _random_box(
    image: Image.Image,
    spec: ImageSpec,
    augmentation: Augmentation,
    draws: tuple[float, float, float, float],
) -> Box:
    """A crop that keeps at least `crop_scale` of the area."""
    scale_at, aspect_at, x_at, y_at = draws
    scale = augmentation.crop_scale + (1 - augmentation.crop_scale) * scale_at
    # The sides of a crop of nearly the whole area cannot differ much.
    most = min(math.log(MAX_ASPECT_JITTER), -math.log(scale))
    aspect = math.exp((2 * aspect_at - 1) * most)
    base_width, base_height = _base(image.size, spec.resize)
    width = min(base_width * math.sqrt(scale * aspect), base_width)
    height = min(base_height * math.sqrt(scale / aspect), base_height)
    left, top = x_at * (image.width - width), y_at * (image.height - height)
    return left, top, min(left + width, image.width), min(top + height, image.height)


def _floats(image: Image.Image) -> Float[np.ndarray, "3 s s"]:
    # Channels first from here on: along rows of one channel NumPy is several times faster.
    pixels: np.ndarray = np.asarray(image).transpose(2, 0, 1).astype(np.float32, order="C")
    pixels /= 255
    return pixels


def _jitter(
    pixels: Float[np.ndarray, "3 s s"],
    brightness: np.float32,
    contrast: np.float32,
    saturation: np.float32,
) -> None:
    """Change the colours in place: new arrays of this size cost as much as the arithmetic."""
    pixels *= brightness
    np.clip(pixels, 0, 1, out=pixels)
    _stretch(pixels, luma(*pixels).mean(), contrast)
    np.clip(pixels, 0, 1, out=pixels)
    _stretch(pixels, luma(*pixels), saturation)
    np.clip(pixels, 0, 1, out=pixels)


def _stretch(
    pixels: Float[np.ndarray, "3 s s"], middle: np.ndarray | np.floating, factor: np.float32
) -> None:
    """Multiply the distance of each pixel from a middle, in place."""
    pixels -= middle
    pixels *= factor
    pixels += middle


def _normalised(
    pixels: Float[np.ndarray, "3 s s"], spec: ImageSpec
) -> Float32[np.ndarray, "3 s s"]:
    """The pixels themselves, changed in place."""
    mean, std = np.array([spec.mean, spec.std], dtype=np.float32).reshape(2, 3, 1, 1)
    pixels -= mean
    pixels /= std
    return pixels
