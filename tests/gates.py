"""A gate in front of the batches of an occlusion map: a test decides how far the map comes.

A test that counts on a slow batch fails on a slow machine, or passes for the wrong reason.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from geoguess_cli.occlusion.occlusion_map import OcclusionMap
from geoguess_cli.serve import service as service_module
from geoguess_cli.serve.service import OcclusionJob, Service

WAIT_SECONDS = 60.0
"""What waits for an event gives up after this time; no test that passes waits so long."""


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: The condition did not come true within `WAIT_SECONDS`.
    """
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class Gate:
    """Holds each batch of windows of a service until the test lets it through.

    Attributes:
        passed: The number of batches that went through.
        jobs: The occlusion maps that were asked for, the oldest first.
    """

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0
        self.jobs: list[OcclusionJob] = []
        self._let, self._open = 0, False
        self._change = threading.Condition()
        maps, explain = service_module.occlusion_maps, service.explain

        def held(*args: Any, **options: Any) -> Iterator[OcclusionMap]:
            for occlusion_map in maps(*args, **options):
                self._pass()
                yield occlusion_map

        def recorded(*args: Any, **options: Any) -> OcclusionJob:
            self.jobs.append(explain(*args, **options))
            return self.jobs[-1]

        monkeypatch.setattr(service_module, "occlusion_maps", held)
        monkeypatch.setattr(service, "explain", recorded)

    def let(self, batches: int) -> None:
        """Let the next batches through, and hold those after them."""
        with self._change:
            self._let, self._open = batches, False
            self._change.notify_all()

    def open(self) -> None:
        """Let all batches through."""
        with self._change:
            self._open = True
            self._change.notify_all()

    def _pass(self) -> None:
        with self._change:
            assert self._change.wait_for(lambda: self._open or self._let > 0, WAIT_SECONDS)
            self._let -= 1
            self.passed += 1
