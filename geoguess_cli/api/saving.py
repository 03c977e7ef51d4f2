"""Results as files: the class of a result and the ending of its path choose the writer."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoguess_cli.errors import OutputError

if TYPE_CHECKING:
    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.photos.table import PhotoTable

    Writer = Callable[[Sequence[Any], Path, Mapping[str, Any]], None]


def save(
    thing: Any,
    path: str | Path,
    *,
    partition: "Partition | None" = None,
    photos: "PhotoTable | None" = None,
) -> None:
    """Write a result to a file, or to a folder; the ending of the path chooses the format.

    ```python
    import geoguess_cli as gg
    model = gg.load_model("artifacts/model")
    gg.save(model.map("sample_data/photos/d165-00.jpg"), "map.geojson")
    answers = list(model.answers(["sample_data/photos/d165-00.jpg"]))
    gg.save(answers, "answers.csv", partition=model.partition)
    ```

    Args:
        thing: A photo table (.parquet, .csv, .jsonl), cells (.parquet), a model (folder, or .onnx,
            which answers without torch), answers
            (.csv, .jsonl, .geojson, .gpx, .kml; a single one also .xmp), a probability map (.png,
            .svg, .pdf, .html, .geojson, .parquet), an occlusion map (.png, .svg, .pdf, .json,
            .npy), an evaluation or a comparison (folder), or a figure (.png, .svg, .pdf). Answers
            and occlusion maps may come as a list.
        path: The file or folder.
        partition: The cells of the answers; other things do not need it.
        photos: The photo table of the training, for a probability map: the map then shows the
            training photos that the photo resembles, where the model carries them.

    Raises:
        OutputError: The thing cannot be written in the format of this ending, or the list is empty.
        TypeError: geoguess writes no thing of this class.
    """
    things = list(thing) if isinstance(thing, list | tuple) else [thing]
    if not things:
        raise OutputError(f"there is nothing to write to {path}: the list is empty")
    kinds = {kind.__name__ for kind in type(things[0]).__mro__}
    for name, write in _WRITERS.items():
        if name in kinds:
            write(things, Path(path), {"partition": partition, "photos": photos})
            return
    known = ", ".join(dict.fromkeys(_WRITERS))
    raise TypeError(f"gg.save writes {known}; this is {type(thing).__name__}")


def _only(things: Sequence[Any], path: Path) -> Any:
    if len(things) > 1:
        raise OutputError(f"{path} holds one {type(things[0]).__name__}; {len(things)} were given")
    return things[0]


def _save_cells(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.geo.partition import write_partition

    if path.suffix.lower() != ".parquet":
        raise OutputError(f"{path}: cells are written as .parquet")
    write_partition(_only(things, path), path)


def _save_model(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.model.trained import with_network

    trained = with_network(_only(things, path).predictor.trained)
    if path.suffix.lower() == ".onnx":
        from geoguess_cli.inference.exporting import export_onnx

        export_onnx(trained, path)
    else:
        from geoguess_cli.model.checkpoint import save_model

        save_model(path, trained)


def _save_answers(things: Sequence[Any], path: Path, about: Mapping[str, Any]) -> None:
    from geoguess_cli.inference.answers import neighbours_of
    from geoguess_cli.inference.files import write_answers

    if (partition := about["partition"]) is None:
        raise OutputError(f"{path}: answers need their cells; pass partition=model.partition")
    named = max(len(neighbours_of(answer)) for answer in things)
    write_answers(things, partition, path, neighbours=named)


def _save_occlusion(things: Sequence[Any], path: Path, _: Any) -> None:
    from geoguess_cli.occlusion.files import write_occlusion

    write_occlusion(things, path)


def _save_map(things: Sequence[Any], path: Path, about: Mapping[str, Any]) -> None:
    from geoguess_cli.maps.files import write_map
    from geoguess_cli.sources.originals import Originals

    photos = about["photos"]
    originals = None if photos is None else Originals.of(photos)
    write_map(_only(things, path), path, originals=originals)


def _save_one(module: str, function: str) -> "Writer":
    """A writer of one thing: the function of that module, imported when it is used."""

    def write(things: Sequence[Any], path: Path, _: Any) -> None:
        getattr(import_module(f"geoguess_cli.{module}"), function)(_only(things, path), path)

    return write


_WRITERS: "dict[str, Writer]" = {
    "PhotoTable": _save_one("photos.table", "write_photo_table"),
    "Partition": _save_cells,
    "Model": _save_model,
    "Answer": _save_answers,
    "Unanswered": _save_answers,
    "Evaluation": _save_one("report.files", "write_evaluation"),
    "Comparison": _save_one("report.files", "write_comparison"),
    "ProbabilityMap": _save_map,
    "Explanation": _save_occlusion,
    "Figure": _save_one("drawing.saving", "save_figure"),
}
"""The writer for each class, by the name of the class, so that no class is imported."""
