"""One record for each thing that was looked at."""

import dataclasses

from geoguess_cli.doctor.findings import Finding


def test_a_finding_is_good_unless_it_says_otherwise() -> None:
    assert dataclasses.asdict(Finding("system", "cores", "2")) == {
        "part": "system",
        "name": "cores",
        "value": "2",
        "state": "ok",
        "remedy": "",
    }
