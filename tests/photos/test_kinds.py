"""The kind of a file, by its first bytes."""

import io

import pytest
from PIL import Image

from geoguess_cli.photos.kinds import HEAD, kind_of


def box(brand: bytes, *compatible: bytes) -> bytes:
    """The first box of a file of ISO base media, and the beginning of the next."""
    body = b"ftyp" + brand + b"\0\0\0\0" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0\0\1\0mdat"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000"])
def test_what_pillow_writes_is_told_as_the_format_that_it_is(form):
    file = io.BytesIO()
    Image.new("RGB", (9, 7), "teal").save(file, form)
    kind = kind_of(file.getvalue()[:HEAD], ".heic")
    assert kind is not None
    assert kind.format == form


@pytest.mark.parametrize(
    ("head", "suffix", "title", "form"),
    [
        (box(b"heic", b"mif1"), ".jpg", "HEIC", "HEIF"),
        (box(b"mif1", b"mif1", b"heic"), ".jpg", "HEIC", "HEIF"),
        (box(b"mif1", b"mif1", b"avif"), ".jpg", "AVIF", "AVIF"),
        (box(b"isom", b"mp41"), ".jpg", "a video", ""),
        (box(b"qt  "), ".heic", "a video", ""),
        (box(b"crx ", b"isom"), ".jpg", "a raw photo of a camera", ""),
        (b"RIFF\0\0\0\0AVI LIST", ".jpg", "a video", ""),
        (b"II*\0\x10\0\0\0CR\2\0", ".jpg", "a raw photo of a camera", ""),
        (b"MM\0*\0\0\0\x08", ".nef", "a raw photo of a camera", ""),
        (b"MM\0*\0\0\0\x08", ".tif", "TIFF", "TIFF"),
        (b"\n<!DOCTYPE HTML><title>404", ".jpg", "a web page", ""),
        (b"version https://git-lfs.github.com/spec/v1", ".jpg", "a pointer of Git LFS", ""),
        (b"\0\0\0\x0cJXL \r\n\x87\n", ".jpg", "JPEG XL", ""),
        (b"", ".jpg", "an empty file", ""),
    ],
)
def test_the_content_tells_and_not_the_ending(head, suffix, title, form):
    kind = kind_of(head, suffix)
    assert kind is not None
    assert (kind.title, kind.format) == (title, form)
    assert form or kind.refusal.startswith(f"is {title}; ")


@pytest.mark.parametrize("head", [b"nothing", b"P", b"P9\n", b"RIFF\0\0\0\0WAVE", b"\xff\xd8"])
def test_other_bytes_are_of_no_known_kind(head):
    assert kind_of(head) is None
