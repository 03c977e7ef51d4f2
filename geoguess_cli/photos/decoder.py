"""A photo file as an upright RGB picture; a damaged file is an error of one line."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from io import BufferedReader, BytesIO
from pathlib import Path, PurePath

import numpy as np
from PIL import Image, UnidentifiedImageError

from geoguess_cli.choices import MAX_PIXELS as MAX_PIXELS
from geoguess_cli.errors import PhotoError
from geoguess_cli.extras import install_command
from geoguess_cli.names import file_of, text_of
from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.kinds import HEAD, FileKind, kind_of

_File = BufferedReader | BytesIO

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
    source: Path | Member | bytes,
    *,
    at_least: int | None = None,
    max_pixels: int | None = MAX_PIXELS,
) -> Image.Image:
    """The picture of a photo: RGB, upright, with transparency over white.

    Args:
        source: A file, a member of an archive, or the bytes of a file.
        at_least: Pixels that both sides must keep. A JPEG may then be opened at a half, a quarter
            or an eighth of its size, which is several times faster. None opens it at full size.
        max_pixels: Limit of the width × height that is held in memory; a larger picture is refused
            before it takes any. A JPEG that is opened at a part of its size counts with that part,
            unless it is progressive. None is no limit.

    Raises:
        PhotoError: The file does not exist, is not a picture, is damaged, or is too large.
    """
    with opened_photo(source) as image:
        full = image.size
        if at_least is not None:
            image.draft(image.mode, (at_least, at_least))
        # A progressive JPEG is held whole until its last scan, at whatever scale it is decoded.
        held = full if image.info.get("progressive") else image.size
        if max_pixels is not None and held[0] * held[1] > max_pixels:
            raise _RefusalError(
                f"has {full[0]} × {full[1]} pixels, and at most {max_pixels / 1e6:.4g} million are "
                f"opened; make it smaller, or allow more with `--max-pixels {full[0] * full[1]}`"
            )
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
    """An open picture of any size; every error in opening or reading it becomes a PhotoError.

    The content of the file tells its kind, and not its ending.
    """
    name = "this file" if isinstance(source, bytes) else text_of(source)
    suffix = "" if isinstance(source, bytes) else PurePath(source.name).suffix
    if isinstance(source, Member):
        source = source.read_bytes()
    with _hushed:  # Pillow warns of damaged metadata and large pictures; errors are raised below
        try:
            with _opened(source) as file, _picture(file, suffix) as image:
                yield image
        except _RefusalError as refusal:
            raise PhotoError(f"{name} {refusal}") from refusal
        except FileNotFoundError as error:
            raise PhotoError(f"{name} {_absence(source)}") from error
        except Exception as error:  # decoders raise errors of any kind on damaged files
            raise PhotoError(f"{name} cannot be decoded: {_one_line(error)}") from error


class _Hushed:
    """Ignores the warnings of Pillow while at least one thread is in it.

    Threads that overlap in `catch_warnings` itself would leave the filters of the wrong one behind.
    """

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.filterwarnings("ignore", module=r"(PIL|pi_heif)(\.|$)")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


_hushed = _Hushed()


class _RefusalError(Exception):
    """Why a file is not read: the message goes after its name."""


def _opened(source: Path | bytes) -> _File:
    return BytesIO(source) if isinstance(source, bytes) else file_of(source).open("rb")


def _readable_kind(file: _File, suffix: str) -> FileKind:
    """The kind of a file that can be read.

    Raises:
        _RefusalError: The file is of a kind that is not read, or a package for it is missing.
    """
    kind = kind_of(file.read(HEAD), suffix)
    if kind is None:
        raise _RefusalError("is not a picture of a known kind")
    if not kind.format:
        raise _RefusalError(kind.refusal)
    if not _is_readable(kind.format):
        remedy = _remedy_of(kind.format)
        raise _RefusalError(f"is {kind.title}, which needs one more package; {remedy}")
    return kind


def _picture(file: _File, suffix: str) -> Image.Image:
    """An open picture, of any size: `decode_photo` has the limit, and it knows the scale.

    Raises:
        _RefusalError: The file is of a kind that is not read, or it is damaged.
    """
    kind = _readable_kind(file, suffix)
    file.seek(0)
    try:
        return Image.open(file, formats=(kind.format,))
    except Image.DecompressionBombError:
        file.seek(0)
        factory, _ = Image.OPEN[kind.format]
        return factory(file, "")
    except UnidentifiedImageError as error:
        raise _RefusalError(f"is a damaged {kind.title} file; copy or download it again") from error


def _remedy_of(name: str) -> str:
    """What to do if a kind of photo needs more than the packages that are installed."""
    if name == "HEIF":
        return f"`{install_command('heic')}` lets geoguess read it"
    if name == "AVIF":
        return "`pip install --upgrade pillow` lets geoguess read it"
    return "install a Pillow that reads it"


@cache
def _is_readable(name: str) -> bool:
    """Whether this installation can read a format; it loads no more decoders than that takes."""
    for load in (Image.preinit, Image.init, _load_heif):
        load()
        if name in Image.OPEN:
            return True
    return False


def _load_heif() -> None:
    with suppress(ImportError):
        from pi_heif import register_heif_opener

        register_heif_opener()


def _absence(source: Path | bytes) -> str:
    """Why a file cannot be found, after its name."""
    if isinstance(source, Path) and source.is_symlink():
        return f"is a link to {text_of(source.readlink())}, which does not exist"
    return "does not exist"


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
