"""Trains one stage with and without torch.compile; checked shapes would be compiled along.

    python compiled_trainings.py FOLDER

FOLDER/world holds a configuration, a table and a partition. Prints a JSON object.
"""

import dataclasses
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import torch

from geoguess_cli.errors import ConfigError
from geoguess_cli.model.states import read_state
from geoguess_cli.training.run import Run
from geoguess_cli.training.session import TrainingSession

compile_in_place = torch.nn.Module.compile


def compiles_with(backend: Any) -> None:
    """Let modules be compiled by a backend that needs no C++ compiler."""
    torch.nn.Module.compile = lambda module: compile_in_place(module, backend=backend)  # type: ignore[method-assign]


def main(folder: Path) -> None:
    """Train and print."""
    config, table, partition = pickle.loads((folder / "world").read_bytes())

    def trained(
        name: str, *, compile: bool
    ) -> tuple[list[dict[str, Any]], dict[str, torch.Tensor]]:
        own = dataclasses.replace(config, train=dataclasses.replace(config.train, compile=compile))
        run = Run(folder / name)
        list(TrainingSession(own, table, partition, run=run, stage=1).epochs())
        for line in (metrics := run.metrics()):
            del line["seconds"], line["photos_per_second"]
        return metrics, read_state(run.best_path)[0]

    calls: list[int] = []

    def counting(graph: torch.fx.GraphModule, _inputs: Any) -> Any:
        calls.append(len(graph.graph.nodes))
        return graph.forward

    def failing(_graph: Any, _inputs: Any) -> Any:
        raise RuntimeError("no working C++ compiler")

    straight, weights = trained("straight", compile=False)
    compiles_with(counting)
    again, compiled = trained("compiled", compile=True)
    torch.compiler.reset()
    compiles_with(failing)
    try:
        trained("failing", compile=True)
    except ConfigError as error:
        message = str(error)
    print(
        json.dumps(
            {
                "graphs": len(calls),
                "same_metrics": again == straight,
                "same_names": compiled.keys() == weights.keys(),
                "same_weights": all(torch.equal(weights[n], compiled[n]) for n in weights),
                "message": message,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
