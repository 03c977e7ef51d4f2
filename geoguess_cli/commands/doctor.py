"""`geoguess doctor`: what this machine has, what it lacks, and how to mend it."""

import dataclasses
import os
from collections import Counter

import typer

from geoguess_cli.console import options
from geoguess_cli.console.output import Sink


def doctor(*, config: options.ConfigFile = None, json: options.Json = False) -> None:
    """Examine this machine: packages, memory, disk, device, speed, and what would be fetched.

    A bug report should hold the output of `geoguess doctor --json`. The exit code is 1 if
    something is at fault.
    """
    from geoguess_cli import __version__
    from geoguess_cli.doctor.examination import examine

    sink = Sink(as_json=json)
    with sink.counter("examining") as move:
        findings = []
        for finding in examine(config, os.environ):
            findings.append(finding)
            move(len(findings))
    if json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        sink.json({"geoguess": __version__, "findings": rows})
    else:
        for part in dict.fromkeys(finding.part for finding in findings):
            own = [finding for finding in findings if finding.part == part]
            sink.table((part, "", ""), [(f.name, f.state, f.value) for f in own])
            sink.text("")
        for finding in findings:
            if finding.remedy:
                sink.text(f"{finding.state}: {finding.name}: {finding.remedy}")
        counts = Counter(finding.state for finding in findings)
        if not counts["fault"] and not counts["warning"]:
            sink.text("no fault found")
    if any(finding.state == "fault" for finding in findings):
        raise typer.Exit(1)
