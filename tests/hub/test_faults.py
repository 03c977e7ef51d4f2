"""What errors of clients say, whatever their class."""

from types import SimpleNamespace

import pytest

from geoguess_cli.hub.faults import code_of, is_disk_full, message_of, reason_of, status_of


def _wrapped(cause: Exception) -> Exception:
    try:
        try:
            raise cause
        except Exception as error:
            raise RuntimeError("the client wraps it") from error
    except RuntimeError as wrapped:
        return wrapped


def test_the_answer_of_the_server_is_found_behind_other_errors() -> None:
    error = Exception("refused\nby the server")
    headers = {"X-Error-Code": "GatedRepo"}
    error.response = SimpleNamespace(status_code=403, headers=headers)  # type: ignore[attr-defined]
    error.server_message = "accept\nthe terms"  # type: ignore[attr-defined]
    wrapped = _wrapped(error)
    assert (status_of(wrapped), code_of(wrapped)) == (403, "GatedRepo")
    assert message_of(wrapped) == "accept the terms"
    assert reason_of(wrapped) == "refused"


def test_without_a_server_there_is_only_a_reason() -> None:
    wrapped = _wrapped(ConnectionError("no route"))
    assert (status_of(wrapped), code_of(wrapped), message_of(wrapped)) == (None, "", "")
    assert reason_of(wrapped) == "no route"
    assert reason_of(ValueError()) == "ValueError"


@pytest.mark.parametrize(("error", "full"), [(OSError(28, ""), True), (OSError(13, ""), False)])
def test_a_full_disk_is_recognised(error: OSError, full: bool) -> None:
    assert is_disk_full(error) is full
