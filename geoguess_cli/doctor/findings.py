"""What was found: one record for each thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warning", "fault"]
"""`note` is something that only some need; with a `fault` a verb fails."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        part: What it belongs to: "system", "packages", "extras", "device", "configuration" or
            "weights".
        name: What was looked at.
        value: What was found, in words.
        state: How good that is.
        remedy: What to do about it; "" where nothing is to be done.
    """

    part: str
    name: str
    value: str
    state: State = "ok"
    remedy: str = ""
