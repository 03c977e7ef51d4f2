"""A photo file as an upright RGB picture; a damaged file is an error of one line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.archives import Member

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")

PHOTO_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000", "PPM")
"""Formats that a photo may have. Pillow knows more, and some (EPS) start other programs."""

# EXIF 2.32, tag 0x0112: the change that makes the picture upright.
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_photo(
    source: Path | Member | bytes, *, at_least: int | None = None, max_pixels: int | None = None
) -> Image.Image:
    """The picture of a photo: RGB, upright, with transparency over white.

    Args:
        source: A file, a member of an archive, or the bytes of a file.
        at_least: Pixels that both sides must keep. A JPEG may then be opened at a half, a quarter
            or an eighth of its size, which is several times faster. None opens it at full size.
        max_pixels: Limit of width × height; a larger picture is refused before it takes memory.
            None leaves the limit to Pillow.

    Raises:
        PhotoError: The file does not exist, is not a picture, is damaged, or is too large.
    """
    with opened_photo(source) as image:
        if max_pixels is not None and image.width * image.height > max_pixels:
            raise PhotoError(
                f"{image.width} × {image.height} pixels are too many to open safely; "
                f"scale it to at most {max_pixels / 1e6:g} million pixels"
            )
        if at_least is not None:
            image.draft(image.mode, (at_least, at_least))
        image.load()
        return to_upright_rgb(image)


def to_upright_rgb(image: Image.Image) -> Image.Image:
    """The picture in RGB, turned as its EXIF orientation says, with transparency over white.

    Raises:
        PhotoError: The pixels are floating-point numbers.
    """
    upright = _UPRIGHT.get(_orientation(image))
    rgb = _to_rgb(image)
    return rgb if upright is None else rgb.transpose(upright)


@contextmanager
def opened_photo(source: Path | Member | bytes) -> Iterator[Image.Image]:
    """An open picture; every error in opening or reading it becomes a PhotoError of one line."""
    name = "this file" if isinstance(source, bytes) else str(source)
    if isinstance(source, Member):
        source = source.read_bytes()
    with warnings.catch_warnings():
        # Pillow warns of damaged metadata and of large pictures; real errors are raised below.
        warnings.simplefilter("ignore")
        try:
            file = BytesIO(source) if isinstance(source, bytes) else source
            with Image.open(file, formats=_formats()) as image:
                yield image
        except FileNotFoundError as error:
            raise PhotoError(f"{name} does not exist") from error
        except UnidentifiedImageError as error:
            raise PhotoError(f"{name} is not a picture of a known kind") from error
        except Image.DecompressionBombError as error:
            raise PhotoError(f"{name} is too large to open safely: {_one_line(error)}") from error
        except Exception as error:  # decoders raise errors of any kind on damaged files
            raise PhotoError(f"{name} cannot be decoded: {_one_line(error)}") from error


@cache
def _formats() -> list[str]:
    """The formats of `PHOTO_FORMATS` that this build of Pillow can read."""
    Image.init()
    return [name for name in PHOTO_FORMATS if name in Image.OPEN]


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # the picture may be good although its EXIF is damaged
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits per pixel, which Pillow's own conversion would clip
        grey = np.clip(np.asarray(image, dtype=np.float64) / 257, 0, 255)
        return Image.fromarray(np.rint(grey).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise PhotoError("its pixels are floating-point numbers; save it with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
