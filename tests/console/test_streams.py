"""No character stops an output."""

import io
import json
import subprocess
import sys

import pytest

from geoguess_cli.console.streams import calm_threads, prepare_streams

TEXT = "Łódź −1 \U0001f30d caf\udce9"


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")


def written(monkeypatch, encoding: str, *, windows: bool, **environment: str) -> bytes:
    out = stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    prepare_streams(environment=environment, windows=windows)
    out.write(TEXT)
    out.flush()
    return out.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_a_code_page_gets_what_json_reads_back(monkeypatch, encoding):
    text = written(monkeypatch, encoding, windows=False).decode(encoding)
    assert json.loads(f'"{text}"') == "Łódź −1 \U0001f30d caf%E9"


def test_utf_8_gets_every_character(monkeypatch):
    assert written(monkeypatch, "utf-8", windows=False).decode() == "Łódź −1 \U0001f30d caf%E9"


def test_a_file_on_windows_is_utf_8_unless_another_encoding_is_asked_for(monkeypatch):
    assert written(monkeypatch, "cp1252", windows=True).decode() == "Łódź −1 \U0001f30d caf%E9"
    asked = written(monkeypatch, "cp1252", windows=True, PYTHONIOENCODING="cp1252")
    assert asked.startswith(b"\\u0141")


def test_a_stream_of_another_kind_is_left_alone(monkeypatch):
    other = io.StringIO()
    monkeypatch.setattr(sys, "stdout", other)
    prepare_streams(environment={}, windows=True)
    assert sys.stdout is other


def test_compute_threads_sleep_unless_the_user_chose_otherwise():
    environment = {}
    calm_threads(environment)
    assert environment == {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
    chosen = {"OMP_WAIT_POLICY": "ACTIVE", "OPENBLAS_NUM_THREADS": "4"}
    environment = dict(chosen)
    calm_threads(environment)
    assert environment == chosen


def test_the_command_line_calms_them_before_numpy_is_loaded():
    script = """
import os, sys
from geoguess_cli.app import main

sys.argv = ["geoguess", "--version"]
os.environ.pop("OMP_WAIT_POLICY", None)
os.environ.pop("OPENBLAS_NUM_THREADS", None)
try:
    main()
finally:
    names = ("OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS")
    print(*map(os.environ.get, names), {"numpy", "torch"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "PASSIVE 1 set()"
