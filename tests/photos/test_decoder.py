"""Decoding: upright, RGB, as large as asked, and one line for whatever is damaged."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.decoder import decode_photo


@pytest.fixture(scope="module")
def scene():
    """A smooth picture, different in each corner, so that turns and mirrors show."""
    y, x = np.mgrid[0:120, 0:180] / 180
    channels = [x, y, (np.sin(6 * x) + np.cos(5 * y)) / 4 + 0.5]
    return (np.stack(channels, axis=-1) * 255).clip(0, 255).astype(np.uint8)


# How a camera must store the upright scene for each EXIF orientation (EXIF 2.32, tag 0x0112):
# where the first row and the first column of the file lie in the scene.
STORED = {
    1: lambda scene: scene,
    2: lambda scene: scene[:, ::-1],
    3: lambda scene: scene[::-1, ::-1],
    4: lambda scene: scene[::-1],
    5: lambda scene: scene.transpose(1, 0, 2),
    6: lambda scene: scene.transpose(1, 0, 2)[::-1],
    7: lambda scene: scene[::-1, ::-1].transpose(1, 0, 2),
    8: lambda scene: scene.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_all_eight_orientations_give_the_same_upright_picture(
    tmp_path, write_photo, scene, orientation, suffix
):
    pixels = np.ascontiguousarray(STORED[orientation](scene))
    path = write_photo(tmp_path / f"p.{suffix}", pixels=pixels, orientation=orientation, quality=95)
    found = np.asarray(decode_photo(path), dtype=int)
    assert found.shape == scene.shape
    assert abs(found - scene).max() <= (0 if suffix == "png" else 12)


def test_bytes_are_decoded_like_the_file(tmp_path, write_photo, scene):
    path = write_photo(tmp_path / "p.jpg", pixels=scene, orientation=6)
    assert decode_photo(path.read_bytes()) == decode_photo(path)


@settings(max_examples=80, deadline=None)
@given(
    width=st.integers(1, 500),
    height=st.integers(1, 500),
    at_least=st.integers(1, 300),
    turned=st.booleans(),
)
def test_reduced_scale_is_never_smaller_than_asked(width, height, at_least, turned):
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, "JPEG", exif=exif)
    found = decode_photo(file.getvalue(), at_least=at_least)
    full = (height, width) if turned else (width, height)
    assert min(found.size) >= min(at_least, *full)
    assert found.width <= full[0]
    if at_least * 8 <= min(full):
        assert max(found.size) <= -(-max(full) // 8)


def test_reduced_scale_shows_the_same_picture(tmp_path, write_photo, scene):
    large = np.asarray(Image.fromarray(scene).resize((1440, 960), Image.Resampling.BICUBIC))
    path = write_photo(tmp_path / "p.jpg", pixels=large, quality=95)
    full, reduced = decode_photo(path), decode_photo(path, at_least=200)
    assert full.size == (1440, 960)
    assert reduced.size == (360, 240)
    box = np.asarray(full.resize((180, 120), Image.Resampling.BOX), dtype=int)
    small = np.asarray(reduced.resize((180, 120), Image.Resampling.BOX), dtype=int)
    assert abs(box - small).max() <= 4


def test_png_is_opened_whole(tmp_path, write_photo, scene):
    path = write_photo(tmp_path / "p.png", pixels=scene)
    assert decode_photo(path, at_least=10).size == (180, 120)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


GREY16 = np.array([[0, 257 * 100], [257 * 200, 65535]], dtype=np.uint16)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (saved(Image.new("L", (1, 1), 90), "PNG"), (90, 90, 90)),
        (saved(Image.new("1", (1, 1), 1), "PNG"), (255, 255, 255)),
        (saved(Image.new("RGBA", (1, 1), (200, 0, 0, 255)), "PNG"), (200, 0, 0)),
        (saved(Image.new("RGBA", (1, 1), (200, 0, 0, 0)), "PNG"), (255, 255, 255)),
        (saved(Image.new("LA", (1, 1), (0, 128)), "PNG"), (127, 127, 127)),
        (saved(Image.new("P", (1, 1), 0), "PNG", transparency=0), (255, 255, 255)),
        (saved(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG"), (255, 255, 255)),
        (saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95), (255, 0, 0)),
        (saved(Image.new("YCbCr", (8, 8), (128, 128, 128)), "JPEG"), (128, 128, 128)),
    ],
)
def test_every_mode_becomes_rgb(data, expected):
    image = decode_photo(data)
    assert image.mode == "RGB"
    assert np.abs(np.subtract(image.getpixel((0, 0)), expected)).max() <= 2


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind):
    found = np.asarray(decode_photo(saved(Image.fromarray(GREY16), kind)))
    assert found[..., 0].tolist() == [[0, 100], [200, 255]]


def huge_png() -> bytes:
    """A PNG whose header promises 40,000 × 40,000 pixels."""
    data = bytearray(saved(Image.new("L", (1, 1)), "PNG"))
    data[16:24] = struct.pack(">II", 40_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.jpg", b"", "is an empty file; copy or download it again"),
        ("text.jpg", b"nothing", "is not a picture of a known kind"),
        ("half.jpg", b"II*\0\1", "is a damaged TIFF file; copy or download it again"),
        ("bomb.png", huge_png(), "has 40000 × 40000 pixels, and at most 179 million are opened"),
        ("float.tif", saved(Image.new("F", (2, 2)), "TIFF"), "floating-point"),
    ],
)
def test_what_cannot_be_decoded_is_told_in_one_line(tmp_path, name, data, reason):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(PhotoError) as caught:
        decode_photo(path)
    assert str(caught.value).startswith(str(path))
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("at_least", [None, 16])
def test_a_truncated_photo_is_told(tmp_path, write_photo, at_least):
    rng = np.random.default_rng(0)
    path = write_photo(tmp_path / "p.jpg", pixels=rng.integers(0, 255, (64, 64, 3), np.uint8))
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(PhotoError, match=r"p\.jpg cannot be decoded: .*truncated"):
        decode_photo(path, at_least=at_least)


def test_a_photo_that_is_not_there_is_told(tmp_path):
    with pytest.raises(PhotoError, match=r"absent\.jpg does not exist"):
        decode_photo(tmp_path / "absent.jpg")
    with pytest.raises(PhotoError, match="cannot be decoded: is a directory"):
        decode_photo(tmp_path)


def test_a_large_photo_is_decoded_without_a_warning(monkeypatch, write_photo, tmp_path):
    path = write_photo(tmp_path / "p.jpg", size=(150, 100))
    for pillows_own in (10_000, 5_000):  # 15,000 pixels warn, then fail
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillows_own)
        assert decode_photo(path).size == (150, 100)


def test_a_panorama_is_opened_at_the_part_that_fits_the_limit(tmp_path):
    path = tmp_path / "p.jpg"
    Image.new("RGB", (4000, 2000), "teal").save(path)
    assert decode_photo(path, at_least=200, max_pixels=125_000).size == (500, 250)
    for options in ({"at_least": 200, "max_pixels": 124_999}, {"max_pixels": 7_999_999}):
        with pytest.raises(PhotoError, match=r"4000 × 2000 pixels.*`--max-pixels 8000000`"):
            decode_photo(path, **options)
    Image.new("RGB", (4000, 2000), "teal").save(path, progressive=True)
    with pytest.raises(PhotoError, match="at most"):  # its scans are held at full size
        decode_photo(path, at_least=200, max_pixels=7_999_999)
    assert decode_photo(path, at_least=200, max_pixels=8_000_000).size == (500, 250)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
@pytest.mark.promise("input", "photos with bytes changed or cut")
def test_damaged_photos_decode_or_are_told(data):
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = saved(Image.radial_gradient("L"), "JPEG", exif=exif)
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    try:
        found = decode_photo(bytes(damaged), at_least=32).mode
    except PhotoError as error:
        found = str(error)
    assert found == "RGB" or found.startswith("this file ")
    assert "\n" not in found


def test_a_picture_with_too_many_pixels_is_refused_by_its_header():
    file = io.BytesIO()
    Image.new("1", (3000, 2000)).save(file, "PNG")
    assert decode_photo(file.getvalue(), max_pixels=6_000_000).size == (3000, 2000)
    with pytest.raises(
        PhotoError, match=r"3000 × 2000 pixels.* 5\.9 million .*--max-pixels 6000000"
    ):
        decode_photo(file.getvalue(), max_pixels=5_900_000)


def test_a_jpeg_loads_no_decoders_of_other_formats():
    script = (
        "import io, sys\n"
        "from PIL import Image\n"
        "from geoguess_cli.photos.decoder import decode_photo\n"
        "for kind in ('JPEG', 'WEBP'):\n"
        "    file = io.BytesIO()\n"
        "    Image.new('RGB', (20, 20)).save(file, kind)\n"
        "    assert decode_photo(file.getvalue()).size == (20, 20)\n"
        "    print(kind, 'PIL.PdfImagePlugin' in sys.modules)\n"
        "    Image.init()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["JPEG", "False", "WEBP", "True"], done.stderr


def test_formats_that_start_other_programs_are_no_photos():
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(file, "EPS")
    with pytest.raises(PhotoError, match="not a picture of a known kind"):
        decode_photo(file.getvalue())


SHARED_PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"


@pytest.mark.skipif(not SHARED_PHOTOS.is_dir(), reason=f"no photos at {SHARED_PHOTOS}")
def test_every_real_photo_decodes_at_reduced_scale():
    for path in sorted(SHARED_PHOTOS.rglob("*.jpg"))[::5]:
        image = decode_photo(path, at_least=96)
        assert image.mode == "RGB"
        assert min(image.size) >= 96
        assert np.asarray(image).std() > 5


def heic(image: Image.Image, orientation: int = 1) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    heif = pytest.importorskip("pillow_heif").from_pillow(image)
    heif[0].info["exif"] = exif.tobytes()  # now, and as a phone does: the pixels are not turned
    heif.save(file, quality=95)
    return file.getvalue()


@pytest.mark.parametrize("name", ["p.heic", "p.jpg"])
@pytest.mark.parametrize("turned", [False, True])
def test_heic_is_decoded_upright_whatever_its_ending(tmp_path, scene, name, turned):
    orientation = 6 if turned else 1
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](scene)))
    path = tmp_path / name
    path.write_bytes(heic(stored, orientation))
    found = np.asarray(decode_photo(path), dtype=int)
    assert found.shape == scene.shape
    assert abs(found - scene).mean() < 4


def test_heic_without_its_package_is_told_with_the_remedy(tmp_path):
    path = tmp_path / "p.jpg"
    path.write_bytes(heic(Image.new("RGB", (64, 64), "teal")))
    script = f"""
import sys
sys.modules["pi_heif"] = None
from pathlib import Path
from geoguess_cli.photos.decoder import decode_photo
decode_photo(Path({str(path)!r}))
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stderr.splitlines()[-1] == (
        f"geoguess_cli.errors.PhotoError: {path} is HEIC, which needs one more package; "
        "`pip install 'geoguess-cli[heic]'` lets geoguess read it"
    )


def test_avif_is_decoded_with_another_ending(tmp_path, scene):
    path = tmp_path / "p.jpg"
    Image.fromarray(scene).save(path, "AVIF", quality=95)
    assert abs(np.asarray(decode_photo(path), dtype=int) - scene).mean() < 4


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("p.jpg", b"\0\0\0\x14ftypisom\0\0\2\0mp41", "is a video; take pictures of it: `ffmpeg -i"),
        ("p.nef", b"MM\0*\0\0\0\x08", "is a raw photo of a camera; export it as JPEG"),
    ],
)
def test_videos_and_raw_photos_are_told(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PhotoError) as caught:
        decode_photo(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name} {reason}")


def test_a_broken_link_names_what_it_leads_to(tmp_path):
    (tmp_path / "p.jpg").symlink_to("gone/p.jpg")
    with pytest.raises(PhotoError, match=r"p\.jpg is a link to gone/p\.jpg, which does not exist"):
        decode_photo(tmp_path / "p.jpg")


def test_a_name_that_is_not_utf_8_is_decoded_and_written_as_text(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(saved(Image.new("RGB", (9, 6), "teal"), "JPEG"))
    assert decode_photo(path).size == decode_photo(tmp_path / "caf%E9.jpg").size == (9, 6)
    path.write_bytes(b"nothing")
    with pytest.raises(PhotoError, match=r"caf%E9\.jpg is not a picture"):
        decode_photo(path)
