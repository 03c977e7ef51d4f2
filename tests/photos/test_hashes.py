"""Perceptual hashes: the same photo is found whatever was done to it, another one is not."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.hashes import COARSE_BITS, FINE_BITS, find_twins, hash_photos, photo_hash

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"


def textured(seed: int, width: int = 360, height: int = 240) -> Image.Image:
    """A picture with detail at every scale, as photos have it, and unlike any other."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3))
    for octave in range(7):
        size = (3 << octave, 2 << octave, 3)
        layer = (rng.random((size[1], size[0], 3)) * 255).astype(np.uint8)
        smooth = Image.fromarray(layer).resize((width, height), Image.Resampling.BICUBIC)
        pixels += np.asarray(smooth, dtype=np.float64) * 0.55**octave
    pixels -= pixels.min()
    return Image.fromarray((pixels / pixels.max() * 255).astype(np.uint8))


def as_jpeg(image: Image.Image, quality: int = 85) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def trimmed(image: Image.Image, share: float) -> Image.Image:
    width, height = image.size
    box = (width * share, height * share, width * (1 - share), height * (1 - share))
    return image.crop(tuple(round(edge) for edge in box))


CHANGES = {
    "compressed": lambda image: as_jpeg(image, 25),
    "halved": lambda image: as_jpeg(image.resize((image.width // 2, image.height // 2))),
    "squashed": lambda image: as_jpeg(image.resize((256, 256))),
    "trimmed": lambda image: as_jpeg(trimmed(image, 0.01)),
    "brighter": lambda image: as_jpeg(image.point(lambda value: min(round(value * 1.1), 255))),
}


def hashed(*sources: bytes) -> np.ndarray:
    return np.stack([photo_hash(decode_photo(source, at_least=128)) for source in sources])


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_photo_is_found_and_no_other(change):
    originals = [textured(seed) for seed in range(40)]
    among = hashed(*(as_jpeg(image, 92) for image in originals[:20]))
    rows, bits = find_twins(hashed(*map(CHANGES[change], originals)), among)
    assert rows.tolist() == [*range(20), *[-1] * 20]
    assert (bits[:20] <= FINE_BITS).all()
    assert (bits[20:] == -1).all()


@pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"no photos at {PHOTOS}")
@pytest.mark.parametrize("change", ["compressed", "squashed", "trimmed"])
def test_real_photos_are_found_and_no_other(change):
    paths = sorted(PHOTOS.rglob("*.jpg"))[::3]
    images = [decode_photo(path, at_least=512) for path in paths]
    original = hash_photos(paths).hashes
    changed = hashed(*map(CHANGES[change], images))
    assert find_twins(changed, original)[0].tolist() == list(range(len(paths)))
    for row in range(len(paths)):
        others = np.delete(original, row, axis=0)
        assert find_twins(changed[row : row + 1], others)[0].tolist() == [-1]


def test_an_upright_and_a_turned_file_of_one_photo_are_twins(tmp_path):
    image = textured(1)
    image.save(tmp_path / "upright.jpg", quality=92)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side, to be turned clockwise
    turned = image.transpose(Image.Transpose.ROTATE_90)
    turned.save(tmp_path / "turned.jpg", quality=92, exif=exif)
    hashes = hash_photos([tmp_path / "upright.jpg", tmp_path / "turned.jpg"]).hashes
    assert find_twins(hashes[:1], hashes[1:])[0].tolist() == [0]


def test_known_bits():
    ramp = Image.fromarray(np.tile(np.arange(0, 170, dtype=np.uint8), (170, 1)))
    assert (photo_hash(ramp) == np.uint64(2**64 - 1)).all()
    assert not photo_hash(ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).any()
    assert not photo_hash(Image.new("RGB", (50, 40), "teal")).any()


words = st.integers(0, 2**64 - 1)


@settings(max_examples=150, deadline=None)
@given(base=st.lists(words, min_size=5, max_size=5), data=st.data())
def test_twins_are_those_of_brute_force(base, data):
    """Hashes a few bits from one another, around both bounds."""

    def near(bits_coarse: list[int], bits_fine: list[int]) -> list[int]:
        changed = list(base)
        for bit in bits_coarse:
            changed[0] ^= 1 << bit
        for bit in bits_fine:
            changed[1 + bit // 64] ^= 1 << bit % 64
        return changed

    coarse = st.lists(st.integers(0, 63), max_size=COARSE_BITS + 2, unique=True)
    fine = st.lists(st.integers(0, 255), max_size=FINE_BITS + 2, unique=True)
    rows = st.lists(st.builds(near, coarse, fine), min_size=1, max_size=8)
    own = np.array(data.draw(rows), dtype=np.uint64)
    among = np.array(data.draw(rows), dtype=np.uint64)
    found, bits = find_twins(own, among)
    for row, (twin, differ) in enumerate(zip(found.tolist(), bits.tolist(), strict=True)):
        apart = [
            [(int(a) ^ int(b)).bit_count() for a, b in zip(own[row], other, strict=True)]
            for other in among
        ]
        close = {
            at: sum(counts[1:])
            for at, counts in enumerate(apart)
            if counts[0] <= COARSE_BITS and sum(counts[1:]) <= FINE_BITS
        }
        expected = min(close, key=lambda at: (close[at], at), default=-1)
        assert (twin, differ) == (expected, close.get(expected, -1))


def test_bounds_are_met_exactly():
    base = np.zeros((1, 5), dtype=np.uint64)
    for words_changed, found in (
        ([2**COARSE_BITS - 1, 0, 0, 0, 0], True),
        ([2 ** (COARSE_BITS + 1) - 1, 0, 0, 0, 0], False),
        ([0x0003_0003_0003_0001, 0, 0, 0, 0], True),  # no band without a difference
        ([0, 2**FINE_BITS - 1, 0, 0, 0], True),
        ([0, 2**FINE_BITS - 1, 0, 0, 1], False),
    ):
        other = np.array([words_changed], dtype=np.uint64)
        assert find_twins(other, base)[0].tolist() == [0 if found else -1]


def test_a_placeholder_that_stands_for_many_photos_is_compared_once():
    """40,000 blank photos against as many: pair by pair these are 1.6 billion comparisons."""
    blank = np.zeros((40_000, 5), dtype=np.uint64)
    rows, bits = find_twins(blank, blank)
    assert not rows.any()
    assert not bits.any()


def test_no_photos_have_no_twins():
    none, one = np.empty((0, 5), dtype=np.uint64), np.zeros((1, 5), dtype=np.uint64)
    assert find_twins(one, none)[0].tolist() == [-1]
    assert find_twins(none, one)[0].shape == (0,)


def test_unreadable_photos_are_listed_and_progress_is_told(tmp_path):
    textured(0).save(tmp_path / "good.jpg")
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    names = ["good.jpg", "bad.jpg", "absent.jpg", "good.jpg"]
    done = []
    hashing = hash_photos([tmp_path / name for name in names], on_photo=done.append)
    assert done == [1, 2, 3, 4]
    assert [row for row, _ in hashing.failures] == [1, 2]
    assert "absent.jpg does not exist" in hashing.failures[1][1]
    assert (hashing.hashes[0] == hashing.hashes[3]).all()
    assert hashing.hashes[0].any()
    assert not hashing.hashes[1:3].any()


def test_workers_give_the_same_hashes(tmp_path):
    paths = []
    for seed in range(5):
        textured(seed).save(tmp_path / f"{seed}.jpg")
        paths.append(tmp_path / f"{seed}.jpg")
    paths.append(tmp_path / "absent.jpg")
    alone, shared = hash_photos(paths), hash_photos(paths, workers=2)
    assert np.array_equal(alone.hashes, shared.hashes)
    assert alone.failures == shared.failures
    assert len(alone.failures) == 1
