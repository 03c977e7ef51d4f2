"""Results as files: the class of a result and the ending of its path choose the writer."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoguess_cli.errors import OutputError

if TYPE_CHECKING:
    from geoguess_cli.geo.partition import Partition


def save(thing: Any, path: str | Path, *, partition: "Partition | None" = None) -> None:
    """Write a result to a file, or to a folder; the ending of the path chooses the format.

    ```python
    import geoguess_cli as gg
    model = gg.load_model("artifacts/model")
    gg.save(model.map("sample_data/photos/d165-00.jpg"), "map.geojson")
    answers = list(model.answers(["sample_data/photos/d165-00.jpg"]))
    gg.save(answers, "answers.csv", partition=model.partition)
    ```

    Args:
        thing: A photo table (.parquet, .csv, .jsonl), cells (.parquet), a model (folder), answers
            (.csv, .jsonl, .geojson), a probability map (.png, .svg, .pdf, .html, .geojson,
            .parquet), an occlusion map (.png, .svg, .pdf, .json, .npy), an evaluation or a
            comparison (folder), or a figure (.png, .svg, .pdf). Answers and occlusion maps may
            come as a list.
        path: The file or folder.
        partition: The cells of the answers; other things do not need it.

    Raises:
        OutputError: The thing cannot be written in the format of this ending.
        TypeError: It is nothing that geoguess writes.
    """
    things = list(thing) if isinstance(thing, list | tuple) else [thing]
    kinds = {kind.__name__ for kind in type(things[0]).__mro__} if things else set()
    for name, write in _WRITERS.items():
        if name in kinds:
            write(things, Path(path), partition)
            return
    known = ", ".join(dict.fromkeys(_WRITERS))
    raise TypeError(f"gg.save writes {known}; this is {type(thing).__name__}")


def _only(things: Sequence[Any], path: Path) -> Any:
    if len(things) > 1:
        raise OutputError(f"{path} holds one {type(things[0]).__name__}; {len(things)} were given")
    return things[0]


def _save_photos(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.photos.table import write_photo_table

    write_photo_table(_only(things, path), path)


def _save_cells(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.geo.partition import write_partition

    if path.suffix.lower() != ".parquet":
        raise OutputError(f"{path}: cells are written as .parquet")
    write_partition(_only(things, path), path)


def _save_model(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.model.checkpoint import save_model

    save_model(path, _only(things, path).predictor.trained)


def _save_answers(things: Sequence[Any], path: Path, partition: "Partition | None") -> None:
    from geoguess_cli.inference.files import write_answers

    if partition is None:
        raise OutputError(f"{path}: answers need their cells; pass partition=model.partition")
    write_answers(things, partition, path)


def _save_evaluation(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.report.files import write_evaluation

    write_evaluation(_only(things, path), path)


def _save_comparison(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.report.files import write_comparison

    write_comparison(_only(things, path), path)


def _save_map(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.maps.files import write_map

    write_map(_only(things, path), path)


def _save_occlusion(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.occlusion.files import write_occlusion

    write_occlusion(things, path)


def _save_figure(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.drawing.saving import save_figure

    save_figure(_only(things, path), path)


_WRITERS: "dict[str, Callable[[Sequence[Any], Path, Partition | None], None]]" = {
    "PhotoTable": _save_photos,
    "Partition": _save_cells,
    "Model": _save_model,
    "Answer": _save_answers,
    "Unanswered": _save_answers,
    "Evaluation": _save_evaluation,
    "Comparison": _save_comparison,
    "ProbabilityMap": _save_map,
    "Explanation": _save_occlusion,
    "Figure": _save_figure,
}
"""The function that writes things of each class, by its name, so that no class is imported."""
