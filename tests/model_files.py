"""Changes a JSON file of a model folder."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def edit(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Read the file, change its tree, and write it again."""
    tree = json.loads(file.read_text())
    change(tree)
    file.write_text(json.dumps(tree))
