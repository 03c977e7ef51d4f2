"""A photo file as a picture: RGB, upright, damaged files told in one line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from geoguess_cli.errors import PhotoError

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")

PHOTO_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000", "PPM")
"""What a photo may be inside. Pillow knows more, some of which (EPS) start other programs."""

# EXIF 2.32, tag 0x0112: what must be done to see the picture upright.
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
    source: Path | bytes, *, at_least: int | None = None, max_pixels: int | None = None
) -> Image.Image:
    """The picture of a photo: RGB, upright, transparency over white.

    Args:
        source: A file, or the bytes of one.
        at_least: A JPEG may be opened at a half, quarter or eighth of its size as long as both
            sides keep this many pixels, which is several times faster. None opens all at full size.
        max_pixels: A larger picture (width × height) is refused before it takes any memory; None
            leaves the limit to Pillow.

    Raises:
        PhotoError: There is no such file, it is no picture, is damaged, or too large to be safe.
    """
    with opened_photo(source) as image:
        if max_pixels is not None and image.width * image.height > max_pixels:
            raise PhotoError(
                f"{image.width} × {image.height} pixels are too many to open safely; "
                f"at most {max_pixels / 1e6:g} million are taken"
            )
        if at_least is not None:
            image.draft(image.mode, (at_least, at_least))
        image.load()
        return to_upright_rgb(image)


def to_upright_rgb(image: Image.Image) -> Image.Image:
    """The picture in RGB, turned as its EXIF orientation says, with transparency over white.

    Raises:
        PhotoError: Its pixels are floating-point numbers.
    """
    upright = _UPRIGHT.get(_orientation(image))
    rgb = _to_rgb(image)
    return rgb if upright is None else rgb.transpose(upright)


@contextmanager
def opened_photo(source: Path | bytes) -> Iterator[Image.Image]:
    """An open picture; whatever goes wrong with it becomes a PhotoError of one line."""
    name = str(source) if isinstance(source, Path) else "this file"
    with warnings.catch_warnings():
        # Damaged metadata and large pictures warn; what matters of it is raised below.
        warnings.simplefilter("ignore")
        try:
            file = BytesIO(source) if isinstance(source, bytes) else source
            with Image.open(file, formats=_formats()) as image:
                yield image
        except FileNotFoundError as error:
            raise PhotoError(f"{name} is not there") from error
        except UnidentifiedImageError as error:
            raise PhotoError(f"{name} is not a picture of a known kind") from error
        except Image.DecompressionBombError as error:
            raise PhotoError(f"{name} is too large to open safely: {_one_line(error)}") from error
        except Exception as error:  # decoders raise anything on damaged files
            raise PhotoError(f"{name} cannot be decoded: {_one_line(error)}") from error


@cache
def _formats() -> list[str]:
    """Those of `PHOTO_FORMATS` that this Pillow was built with."""
    Image.init()
    return [name for name in PHOTO_FORMATS if name in Image.OPEN]


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # as in read_exif_gps: damaged EXIF is no reason to lose the picture
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, where Pillow's own conversion would clip
        grey = np.clip(np.asarray(image, dtype=np.float64) / 257, 0, 255)
        return Image.fromarray(np.rint(grey).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise PhotoError("its pixels are floating-point numbers")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")
