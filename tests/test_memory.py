"""A shortage of memory is known by what libraries say of it."""

import pytest
import torch

from geoguess_cli.memory import shortage


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "there is too little memory"),
        (RuntimeError("std::bad_alloc"), "there is too little memory"),
        (OSError(12, "Cannot allocate memory"), "there is too little memory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."), "21 MB more"),
        (RuntimeError("MPS backend out of memory. Tried to allocate 1.5 GB on private"), "1.6 GB"),
        (RuntimeError("shape mismatch"), None),
        (OSError(2, "No such file"), None),
        (ValueError("std::bad_alloc"), None),
    ],
)
def test_the_words_of_a_shortage(error: BaseException, words: str | None) -> None:
    assert (words is None) == (shortage(error) is None)
    assert shortage(error) is None or str(shortage(error)).startswith(words or "")


def test_torch_s_own_error_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**58, dtype=torch.uint8)
    assert shortage(caught.value) == "288 PB more were needed"
