"""The loader: the same batches whatever the workers, from whatever step, and nothing lost."""

import multiprocessing
import os
import pickle

import numpy as np
import pytest
import torch

from geoguess_cli.photos.dataset import NICENESS, PhotoLoader
from geoguess_cli.photos.images import Augmentation, ImageSpec, decode_photo, to_array

SPEC = ImageSpec(16, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
BROKEN = (4, 9)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Eleven photos of which the fifth and the tenth do not decode."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for row in range(11):
        path = folder / f"é{row}.jpg"
        if row in BROKEN:
            path.write_bytes(b"no picture")
        else:
            Image.fromarray(rng.integers(0, 255, (24, 36, 3), np.uint8)).save(path)
    return [folder / f"é{row}.jpg" for row in range(11)]


def flat(batches):
    """Everything that batches hold, in comparable form."""
    return [(batch.rows.tolist(), batch.failures, batch.images.tolist()) for batch in batches]


def training(paths, **more):
    options = {
        "spec": SPEC,
        "batch_size": 4,
        "workers": 0,
        "augmentation": Augmentation(),
        "seed": 3,
        "shuffle": True,
    }
    return PhotoLoader(paths, **{**options, **more})


def test_plain_batches_hold_what_a_photo_decodes_to(paths):
    loader = PhotoLoader(paths, spec=SPEC, batch_size=4, workers=0)
    batches = list(loader)
    assert len(loader) == len(batches) == 3
    assert [len(batch) for batch in batches] == [4, 4, 3]
    assert [row for batch in batches for row in batch.rows.tolist()] == [
        row for row in range(11) if row not in BROKEN
    ]
    for batch in batches:
        for row, image in zip(batch.rows.tolist(), batch.images, strict=True):
            expected = to_array(decode_photo(paths[row], at_least=SPEC.size), SPEC)
            assert np.array_equal(image.numpy(), expected)


def test_failures_stay_in_their_batch_with_the_reason(paths):
    batches = list(PhotoLoader(paths, spec=SPEC, batch_size=4, workers=0))
    reasons = {row: str(paths[row]) + " is not a picture of a known kind" for row in BROKEN}
    assert [batch.failures for batch in batches] == [
        [],
        [(4, reasons[4])],
        [(9, reasons[9])],
    ]


def test_a_batch_of_failures_alone_is_given(paths):
    (batch,) = PhotoLoader([paths[4], paths[9]], spec=SPEC, batch_size=4, workers=0)
    assert batch.images.shape == (0, 3, 16, 16)
    assert batch.images.dtype == torch.float32
    assert batch.rows.shape == (0,)
    assert [row for row, _ in batch.failures] == [0, 1]


def test_no_photos_are_no_batches():
    loader = PhotoLoader([], spec=SPEC, batch_size=4, workers=0)
    assert list(loader) == []
    assert len(loader) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(paths, workers):
    alone = training(paths)
    with training(paths, workers=workers) as loader:
        for epoch in (0, 1):
            assert flat(loader.epoch(epoch)) == flat(alone.epoch(epoch))


def test_an_epoch_continues_at_any_step(paths):
    whole = flat(training(paths).epoch(2))
    for step in range(4):
        assert flat(training(paths).epoch(2, start_step=step)) == whole[step:]
    assert flat(training(paths, epoch=2, start_step=1)) == whole[1:]


def own_workers() -> set[int | None]:
    """The processes that this one has started."""
    return {child.pid for child in multiprocessing.active_children()}


def test_workers_survive_an_epoch_that_was_left(paths):
    others = own_workers()
    with training(paths, workers=2, batch_size=1) as loader:
        for epoch in (0, 1):
            assert next(loader.epoch(epoch)).rows.shape[0] <= 1
        children = own_workers() - others
        assert flat(loader.epoch(2)) == flat(training(paths, batch_size=1).epoch(2))
        assert own_workers() - others == children
        assert len(children) == 2


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="needs the priorities of Unix")
def test_workers_stand_back_for_the_computation(paths):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    others = own_workers()
    with training(paths, workers=2) as loader:
        list(loader.epoch(0))
        nice = {os.getpriority(os.PRIO_PROCESS, child) for child in own_workers() - others}
    assert nice == {min(own + NICENESS, 19)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_closing_ends_the_workers(paths):
    others = own_workers()
    loader = training(paths, workers=2)
    first = flat(loader.epoch(0))
    assert len(own_workers() - others) == 2
    loader.close()
    assert own_workers() == others
    assert flat(loader.epoch(0)) == first
    loader.close()


def test_epochs_differ_in_order_and_in_augmentation(paths):
    loader = training(paths, batch_size=11)
    first, second = next(loader.epoch(0)), next(loader.epoch(1))
    assert first.rows.tolist() != second.rows.tolist()
    assert sorted(first.rows.tolist()) == sorted(second.rows.tolist())
    row = first.rows[0]
    assert not torch.equal(first.images[0], second.images[second.rows == row][0])


def test_augmentation_does_not_depend_on_the_order(paths):
    shuffled = next(iter(training(paths, batch_size=11)))
    straight = next(iter(training(paths, batch_size=11, shuffle=False)))
    assert torch.equal(shuffled.images[shuffled.rows.argsort()], straight.images)


def test_seeds_differ(paths):
    orders = {tuple(next(iter(training(paths, batch_size=11, seed=s))).rows) for s in range(5)}
    assert len(orders) == 5


def test_the_last_short_batch_is_kept_unless_dropped(paths):
    assert [len(batch) for batch in training(paths)] == [4, 4, 3]
    dropping = training(paths, drop_last=True)
    assert [len(batch) for batch in dropping] == [4, 4]
    assert len(dropping) == 2


@pytest.mark.parametrize("workers", [0, 1])
def test_the_global_generators_are_left_alone(paths, workers):
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = torch.get_rng_state()
    numpy_before = np.random.get_state()[1].tolist()  # noqa: NPY002
    with training(paths, workers=workers) as loader:
        list(loader)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == numpy_before  # noqa: NPY002


def test_what_workers_need_can_be_sent_to_a_new_process(paths):
    """Where processes are not forked, as on macOS and Windows, they get all of it by pickle."""
    loader = training(paths, workers=1)._new_loader()
    dataset, collate, start = pickle.loads(
        pickle.dumps((loader.dataset, loader.collate_fn, loader.worker_init_fn))
    )
    images, rows, failures = collate([dataset[0, 1, 0], dataset[0, 4, 0]])
    assert images.shape == (1, 3, 16, 16)
    assert rows.tolist() == [1]
    assert failures[0][0] == 4
    assert callable(start)


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_workers_start_in_every_way(paths, method):
    """Linux forks, Python 3.14 has a server that forks, macOS and Windows start anew."""
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    with training(paths) as alone:
        expected = list(alone.epoch(1))
    before = multiprocessing.get_start_method()
    multiprocessing.set_start_method(method, force=True)
    try:
        with training(paths, workers=1) as loader:
            batches = list(loader.epoch(1))
    finally:
        multiprocessing.set_start_method(before, force=True)
    assert len(batches) == len(expected) > 1
    for own, other in zip(batches, expected, strict=True):
        assert torch.equal(own.images, other.images)
        assert torch.equal(own.rows, other.rows)
        assert own.failures == other.failures


def test_few_photos_need_no_workers():
    assert PhotoLoader([], spec=SPEC, batch_size=1).workers == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [({"batch_size": 0}, "batch_size is 0")],
)
def test_impossible_settings_are_refused(paths, options, message):
    with pytest.raises(ValueError, match=message):
        PhotoLoader(paths, **{"spec": SPEC, "batch_size": 2, **options})


def test_a_photo_drawn_twice_is_augmented_anew(paths):
    chances = np.zeros(len(paths))
    chances[1] = 1.0
    loader = training(paths, chances=chances)
    images = torch.cat([batch.images for batch in loader])
    assert len(images) == len(paths)
    assert not torch.equal(images[0], images[1])
    plain = training(paths[1:2])
    # The first of them looks as it would in an epoch of each photo once.
    once = next(batch for batch in training(paths) if 1 in batch.rows)
    assert torch.equal(images[0], once.images[once.rows.tolist().index(1)])
    assert len(list(plain)) == 1
