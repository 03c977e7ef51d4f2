"""Tells where a photo was taken: adaptive S2 cells, a CNN + ViT classifier, maps that explain.

```python
import geoguess_cli as gg
model = gg.load_model("artifacts/model")
print(model.answer("sample_data/photos/d165-00.jpg").estimate)
```

Each name is imported when it is first used, so that `import geoguess_cli` loads nothing heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoguess_cli.api.exporting import export_photos as export_photos
    from geoguess_cli.api.model import Model as Model
    from geoguess_cli.api.model import load_model as load_model
    from geoguess_cli.api.saving import save as save
    from geoguess_cli.api.verbs import build_partition as build_partition
    from geoguess_cli.api.verbs import evaluate as evaluate
    from geoguess_cli.api.verbs import read_photos as read_photos
    from geoguess_cli.api.verbs import split_photos as split_photos
    from geoguess_cli.api.verbs import train as train
    from geoguess_cli.errors import GeoguessError as GeoguessError
    from geoguess_cli.evaluation.comparison import Comparison as Comparison
    from geoguess_cli.evaluation.comparison import compare as compare
    from geoguess_cli.evaluation.evaluation import Evaluation as Evaluation
    from geoguess_cli.geo.partition import Partition as Partition
    from geoguess_cli.inference.answers import Answer as Answer
    from geoguess_cli.maps.probability_map import ProbabilityMap as ProbabilityMap
    from geoguess_cli.occlusion.explanation import Explanation as Explanation
    from geoguess_cli.photos.table import PhotoTable as PhotoTable

__version__ = "0.1.0"

HOMES = {
    "read_photos": "api.verbs",
    "split_photos": "api.verbs",
    "export_photos": "api.exporting",
    "build_partition": "api.verbs",
    "train": "api.verbs",
    "load_model": "api.model",
    "evaluate": "api.verbs",
    "compare": "evaluation.comparison",
    "save": "api.saving",
    "Model": "api.model",
    "PhotoTable": "photos.table",
    "Partition": "geo.partition",
    "Answer": "inference.answers",
    "ProbabilityMap": "maps.probability_map",
    "Explanation": "occlusion.explanation",
    "Evaluation": "evaluation.evaluation",
    "Comparison": "evaluation.comparison",
    "GeoguessError": "errors",
}
"""The module of each public name."""

__all__ = [*HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    value = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
