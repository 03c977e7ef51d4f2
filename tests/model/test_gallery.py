"""The head of an adopted model: sums over the places of a gallery, cell by cell."""

import math

import numpy as np
import pytest
import torch
from adopted_worlds import random_location
from torch.nn.functional import normalize

from geoguess_cli.adoption.geoclip import capsule_name
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.model.gallery import GalleryHead

WIDTH = 6


def scattered(count: int = 300) -> np.ndarray:
    """Places all over the Earth."""
    rng = np.random.default_rng(1)
    return np.stack([rng.uniform(-70, 70, count), rng.uniform(-180, 180, count)], axis=1)


def head_for(partition: Partition, scale: float = 20.0) -> GalleryHead:
    """A head with random weights, whose gallery is empty yet."""
    head = GalleryHead(WIDTH, cells=len(partition))
    generator = torch.Generator().manual_seed(3)
    own = random_location(generator, scales=(1.0, 4.0, 16.0))
    state = {f"location.{capsule_name(name)}": tensor for name, tensor in own.items()}
    for name, parameter in head.named_parameters():
        state[name] = torch.randn(parameter.shape, generator=generator)
    state["log_scale"] = torch.tensor(math.log(scale))
    head.load_state_dict(state, strict=False)
    return head


def photos(count: int = 5) -> torch.Tensor:
    return torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(4))


def brute_force(
    head: GalleryHead, features: torch.Tensor, latlng: np.ndarray, partition: Partition
) -> np.ndarray:
    """The softmax over all these places, summed in a loop over cells, in double precision."""
    vectors = normalize(head.mlp(features), dim=1).double().detach().numpy()
    places = head.location.encoded(latlng).double().numpy()
    similarity = math.exp(head.log_scale.item()) * vectors @ places.T
    weights = np.exp(similarity - similarity.max(axis=1, keepdims=True))
    of_place = weights / weights.sum(axis=1, keepdims=True)
    cell_of = partition.assign(latlng.astype(np.float32).astype(np.float64))
    return np.stack([of_place[:, cell_of == cell].sum(axis=1) for cell in range(len(partition))], 1)


def test_the_probability_of_a_cell_is_the_sum_over_its_places() -> None:
    latlng = scattered()
    partition = build_partition(latlng, max_photos=20, min_photos=1)
    head = head_for(partition)
    gathered = head.fill(latlng, partition)
    assert (gathered.places, gathered.outside, gathered.added) == (300, 0, 0)
    assert gathered.sentences() == []
    probabilities = head(photos()).softmax(dim=1).detach().numpy()
    expected = brute_force(head, photos(), latlng, partition)
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(expected.sum(axis=1), 1)


def test_a_cell_far_from_the_likeliest_still_has_a_logit() -> None:
    latlng = scattered()
    partition = build_partition(latlng, max_photos=20, min_photos=1)
    head = head_for(partition, scale=3000.0)  # e^-120 is 0 in fp32
    head.fill(latlng, partition)
    logits = head(photos())
    assert torch.isfinite(logits).all()
    assert (logits.max() - logits.min()).item() > 120


def test_places_in_no_cell_are_left_out_and_an_empty_cell_has_its_centroid() -> None:
    latlng = scattered()
    europe = (latlng[:, 0] > 30) & (np.abs(latlng[:, 1] - 10) < 40)
    town = np.array([(-75.0, 40.0)])  # in Antarctica, where no place is
    partition = build_partition(
        np.concatenate([latlng[europe], town.repeat(4, axis=0)]),
        max_photos=3,
        min_photos=2,
        max_level=8,
    )
    head = head_for(partition)
    gathered = head.fill(latlng, partition)
    inside = partition.assign(latlng) >= 0
    assert gathered.places == inside.sum()
    assert gathered.outside == len(latlng) - inside.sum()
    assert gathered.added == 1
    assert len(head.places) == gathered.places + 1
    left, added = gathered.sentences()
    assert f"{gathered.outside:,} of 300 places" in left
    assert "1 cell of the partition held no place" in added
    kept = np.concatenate([latlng[inside], partition.centroids[partition.assign(town)]])
    np.testing.assert_allclose(
        head(photos()).softmax(dim=1).detach().numpy(),
        brute_force(head, photos(), kept, partition),
        atol=1e-6,
    )


def test_gathering_by_the_same_cells_changes_nothing_and_by_others_as_a_new_gallery() -> None:
    latlng = scattered()
    coarse = build_partition(latlng, max_photos=40, min_photos=1)
    fine = build_partition(latlng, max_photos=10, min_photos=1)
    head = head_for(coarse)
    head.fill(latlng, coarse)
    before = head(photos())
    assert head.gather(coarse).places == 300
    torch.testing.assert_close(head(photos()), before)

    other = head_for(fine)
    state = head.state_dict()
    other.load_state_dict(state)  # the sizes of the gallery are those of the state
    other.gather(fine)
    np.testing.assert_allclose(
        other(photos()).softmax(dim=1).detach().numpy(),
        brute_force(other, photos(), latlng, fine),
        atol=1e-6,
    )


def test_the_photo_side_learns_as_double_precision_says() -> None:
    latlng = scattered()
    partition = build_partition(latlng, max_photos=20, min_photos=1)
    head = head_for(partition)
    head.fill(latlng, partition)
    cells = torch.tensor([0, 1, 2, 3, 4])
    torch.nn.functional.cross_entropy(head(photos()), cells).backward()

    scale = head.log_scale.detach().double().requires_grad_()
    vectors = normalize(head.mlp(photos()), dim=1).detach().double()
    of_place = (scale.exp() * vectors @ head.places.double().T).softmax(dim=1)
    own = [of_place[row, head.cell_of == cell].sum() for row, cell in enumerate(cells.tolist())]
    (-torch.stack(own).log().mean()).backward()
    assert head.log_scale.grad is not None
    assert head.log_scale.grad.item() == pytest.approx(scale.grad.item(), rel=1e-4)
    assert all(parameter.grad.abs().sum() > 0 for parameter in head.mlp.parameters())
    assert {name.partition(".")[0] for name, _ in head.named_parameters()} == {"mlp", "log_scale"}


def test_its_numbers_stay_in_fp32() -> None:
    latlng = scattered()
    partition = build_partition(latlng, max_photos=20, min_photos=1)
    head = head_for(partition)
    head.fill(latlng, partition)
    before = head(photos())
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(head(photos()), before, rtol=0, atol=0)
    head.to(torch.bfloat16)
    torch.testing.assert_close(head(photos()), before, rtol=0, atol=0)
    assert {tensor.dtype for tensor in head.state_dict().values()} == {torch.float32, torch.int64}


def test_an_empty_gallery_says_where_one_comes_from() -> None:
    partition = build_partition(scattered(), max_photos=20, min_photos=1)
    with pytest.raises(ModelError, match="geoguess model adopt geoclip"):
        head_for(partition).gather(partition)
