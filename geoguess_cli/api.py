"""The verbs as functions: what `import geoguess_cli as gg` offers, and what the verbs call.

Heavy libraries are imported inside the functions, so that reading a photo table loads no network.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoguess_cli.choices import Baseline, Device, PointMethod, Precision, SplitBy
from geoguess_cli.config import Config, load_config
from geoguess_cli.errors import OutputError, PhotoTableError

if TYPE_CHECKING:
    from geoguess_cli.evaluation.comparison import Comparison
    from geoguess_cli.evaluation.evaluation import Evaluation
    from geoguess_cli.evaluation.fitting import Fit
    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.inference.answers import Answer, Unanswered
    from geoguess_cli.inference.predictor import Photo, Predictor
    from geoguess_cli.maps.probability_map import ProbabilityMap
    from geoguess_cli.occlusion.explanation import Explanation
    from geoguess_cli.photos.leak_report import LeakReport
    from geoguess_cli.photos.table import PhotoTable
    from geoguess_cli.training.progress import EpochStats
    from geoguess_cli.training.session import TrainingSession


def read_photos(source: str | Path) -> "PhotoTable":
    """The photo table of a source of any layout that `geoguess data inspect` knows.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    print(len(photos), photos.splits)
    ```

    Args:
        source: A table file, or a folder of photos. Rows that cannot be used are left out, with a
            Python warning.

    Raises:
        MissingFileError: The source does not exist.
        PhotoTableError: The source has no known layout, is damaged, or has no usable row.
    """
    from geoguess_cli.photos.sources import read_source

    reading = read_source(Path(source))
    omitted = [
        *map(str, reading.bad_rows),
        *(f"{photo} does not exist" for photo in reading.missing),
    ]
    if omitted:
        warnings.warn(
            f"{source}: {len(omitted)} rows are left out, such as {omitted[0]}; "
            "`geoguess data inspect` lists them",
            stacklevel=2,
        )
    return reading.table


def split_photos(
    photos: "PhotoTable",
    *,
    by: SplitBy | None = None,
    val: float = 0.1,
    test: float = 0.1,
    buffer_km: float = 1.0,
    level: int = 10,
    seed: int = 0,
    force: bool = False,
) -> "PhotoTable":
    """The table with every photo in `train`, `val` or `test`, or with an empty split.

    ```python
    import geoguess_cli as gg
    photos = gg.split_photos(gg.read_photos("sample_data/photos.csv"), by="sequence", force=True)
    print(photos.splits)
    ```

    Args:
        photos: The photo table; a split that it has is kept unless `force` is True.
        by: What stays whole: sequences, creators, S2 cells, or nothing ("random"). By default
            sequences if they are known, else cells.
        val: Share of the photos for `val`.
        test: Share of the photos for `test`.
        buffer_km: Training photos within this distance of a val or test photo get an empty split.
        level: S2 level of the cells that stay whole, 0 to 30.
        seed: Seed of the draw.
        force: Replace a split that exists.

    Raises:
        PhotoTableError: The shares cannot be met, or the table lacks the column to split by.
    """
    from geoguess_cli.photos.splits import assign_splits

    return assign_splits(
        photos,
        by=by,
        val=val,
        test=test,
        buffer_km=buffer_km,
        level=level,
        seed=seed,
        force=force,
    )


def build_partition(
    photos: "PhotoTable", *, max_photos: int = 100, min_photos: int = 20, max_level: int = 30
) -> "Partition":
    """The adaptive S2 cells of the training photos; of all photos if the table has no split.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    cells = gg.build_partition(photos, max_photos=60, min_photos=12)
    print(len(cells), cells.tokens[:3])
    ```

    Args:
        photos: The photo table.
        max_photos: A cell with more photos is split.
        min_photos: A leaf with fewer photos is dropped.
        max_level: Level beyond which no cell is split, 0 to 30.

    Raises:
        CellError: No cell holds enough photos.
    """
    from geoguess_cli.geo.partition import build_partition as build

    train = photos.only("train") if photos.has("split") else photos
    return build(train.latlng, max_photos=max_photos, min_photos=min_photos, max_level=max_level)


def train(
    photos: "PhotoTable",
    partition: "Partition",
    *,
    config: Config | str | Path | None = None,
    name: str | None = None,
    on_epoch: "Callable[[EpochStats], None] | None" = None,
) -> "Model":
    """The model with the least validation loss, calibrated on the validation photos.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    cells = gg.build_partition(photos, max_photos=60, min_photos=12)
    model = gg.train(photos, cells, config="geoguess.toml")
    gg.save(model, "artifacts/model")
    ```

    Args:
        photos: A photo table with the splits `train` and `val`.
        partition: The cells to choose among.
        config: A configuration or its file (default: the paper's). Weights and metrics of each
            epoch are kept in `runs` in its artifacts folder.
        name: Name of the run (default: `run-N`).
        on_epoch: Called with the result of each epoch.

    Raises:
        GeoguessError: As `TrainingSession` and its `epochs` raise.
    """
    from geoguess_cli.training.runs import new_run
    from geoguess_cli.training.session import TrainingSession

    if not isinstance(config, Config):
        config = Config() if config is None else load_config(Path(config), environment={})
    run = new_run(config.artifacts / "runs", name)
    session = TrainingSession(config, photos, partition, run=run)
    for stats in session.epochs():
        if on_epoch is not None:
            on_epoch(stats)
    return conclude(session)[0]


def conclude(
    session: "TrainingSession", *, on_batch: Callable[[int], None] | None = None
) -> "tuple[Model, Fit]":
    """The model of a training with its decision fitted on the validation photos, and that fit.

    Args:
        session: A training of which at least one epoch has ended.
        on_batch: Called after each batch with the number of validation photos done.

    Raises:
        MissingFileError: No epoch of the training has ended.
    """
    from geoguess_cli.inference.predictor import Predictor

    trained, config = session.trained(), session.config
    predictor = Predictor(trained, device=config.device, precision=config.precision)
    fit = fit_on_validation(
        predictor,
        session.photos,
        batch_size=config.train.batch_size,
        workers=config.workers,
        on_batch=on_batch,
    )
    decided = fit.applied_to(trained)
    return Model(Predictor(decided, device=config.device, precision=config.precision)), fit


def fit_on_validation(
    predictor: "Predictor",
    photos: "PhotoTable",
    *,
    batch_size: int = 32,
    workers: int = 0,
    on_batch: Callable[[int], None] | None = None,
) -> "Fit":
    """The temperature and the point method that are best on the photos of the split `val`.

    Args:
        predictor: The model.
        photos: A photo table with the split `val`.
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        on_batch: Called after each batch with the number of photos done.
    """
    from geoguess_cli.evaluation.fitting import fit_decision

    val = photos.only("val")
    outputs = predictor.outputs(val.paths, batch_size=batch_size, workers=workers)
    return fit_decision(outputs, val, predictor.partition, on_batch=on_batch)


def load_model(
    folder: str | Path, *, device: Device | str = "auto", precision: Precision = "auto"
) -> "Model":
    """The model of a folder that `geoguess train` or `gg.save` wrote. It needs no network.

    ```python
    import geoguess_cli as gg
    model = gg.load_model("artifacts/model")
    print(model.answer("sample_data/photos/d165-00.jpg").estimate)
    ```

    Args:
        folder: The model folder.
        device: "auto", "cpu", "mps", "cuda" or one GPU such as "cuda:1".
        precision: "fp32", "bf16", or "auto" for bf16 where the device computes it fast.

    Raises:
        MissingFileError: The folder, or a file of it, does not exist.
        ModelError: Its files do not fit together, or another version of geoguess wrote them.
        ConfigError: This machine has no such device.
    """
    from geoguess_cli.inference.predictor import Predictor

    return Model(Predictor.load(Path(folder), device=device, precision=precision))


class Model:
    """A trained model: it answers photos, maps its probabilities and explains them.

    ```python
    import geoguess_cli as gg
    model = gg.load_model("artifacts/model")
    for answer in model.answers(["sample_data/photos/d165-00.jpg"]):
        print(answer.photo, answer.estimate, answer.expected_km)
    ```

    Wherever a photo is asked for, it is a path, the bytes of a file, a PIL image, an array
    (h, w, 3) of uint8, or an image as the model expects it: a float tensor (3, s, s).

    Args:
        predictor: The network with its partition, on a device.
    """

    def __init__(self, predictor: "Predictor") -> None:
        self.predictor = predictor

    @property
    def partition(self) -> "Partition":
        """The cells that the model chooses among."""
        return self.predictor.partition

    @property
    def metrics(self) -> dict[str, Any]:
        """Counts and statistics of the training, as `metrics.json` holds them."""
        return self.predictor.trained.metrics

    def answer(
        self, photo: "Photo", *, point: PointMethod | None = None, min_confidence: float = 0.0
    ) -> "Answer":
        """The answer to one photo: its probabilities, point estimate, place and uncertainty in km.

        Args:
            photo: The photo.
            point: How to choose the point estimate; None takes the model's own method.
            min_confidence: The answer is sure if its likeliest cell is at least this probable.

        Raises:
            PhotoError: The file does not exist, or the photo cannot be decoded.
            ModelError: A logit is not finite.
        """
        return self.predictor.answer(photo, point=point, min_confidence=min_confidence)

    def answers(
        self,
        photos: "Iterable[Photo]",
        *,
        batch_size: int = 32,
        workers: int = 0,
        point: PointMethod | None = None,
        min_confidence: float = 0.0,
    ) -> "Iterator[Answer | Unanswered]":
        """The answer to each photo, in the order given; an unreadable file is `Unanswered`.

        Args:
            photos: The photos. Files go through the model in batches, other photos one by one.
            batch_size: Files that go through the model at once.
            workers: Processes that decode files; 0 decodes in this one, -1 asks the machine.
            point: How to choose the point estimate; None takes the model's own method.
            min_confidence: An answer is sure if its likeliest cell is at least this probable.

        Raises:
            ModelError: A logit is not finite.
        """
        listed = list(photos)
        paths = [Path(photo) for photo in listed if isinstance(photo, str | Path)]
        if len(paths) < len(listed):
            return (
                self.answer(photo, point=point, min_confidence=min_confidence) for photo in listed
            )
        return self.predictor.predict(
            paths,
            batch_size=batch_size,
            workers=workers,
            point=point,
            min_confidence=min_confidence,
        )

    def map(
        self, photo: "Photo", *, truth: Sequence[float] | None = None, top_k: int = 5
    ) -> "ProbabilityMap":
        """The probability map of one photo; `gg.save` writes it as a figure, a page or data.

        Args:
            photo: The photo.
            truth: Where the photo was taken: latitude, longitude, in degrees.
            top_k: Number of guesses to list, at least 1.

        Raises:
            PhotoError: The file does not exist, or the photo cannot be decoded.
            CoordinateError: The truth is not on the Earth.
        """
        from geoguess_cli.maps.probability_map import probability_map

        return probability_map(self.answer(photo), self.partition, truth=truth, top_k=top_k)

    def occlusion(
        self,
        photo: "Photo",
        *,
        target: str = "top",
        truth: tuple[float, float] | None = None,
        window: int = 32,
        stride: int = 8,
        baselines: Sequence[Baseline] = ("mean",),
        judged: bool = True,
        seed: int = 0,
    ) -> "Explanation":
        """The occlusion map of one photo: how the answer changes when a window is covered.

        Args:
            photo: The photo.
            target: What is followed: "top" (the likeliest cell), "truth" (the true cell),
                "region", "distance", or the token of a cell.
            truth: Where the photo was taken: latitude, longitude, in degrees.
            window: Side of the covered square, in pixels of the photo as the model sees it.
            stride: Step from one window to the next, in pixels.
            baselines: What covered pixels become; the map is the mean over them.
            judged: Whether to compare the map with random orders, which takes longer.
            seed: Seed of the noise and of the random orders.

        Raises:
            PhotoError: The file does not exist, or the photo cannot be decoded.
            ConfigError: A window or stride does not fit the photo as the model sees it.
            CellError: There is no such cell.
        """
        from geoguess_cli.occlusion.explanation import Plan, explain_photo
        from geoguess_cli.occlusion.faithfulness import STEPS
        from geoguess_cli.occlusion.targets import Question

        plan = Plan(
            window=window,
            stride=stride,
            baselines=tuple(baselines),
            steps=STEPS if judged else 0,
            seed=seed,
        )
        return explain_photo(self.predictor, photo, Question(target), plan, truth=truth)


def evaluate(
    model: Model,
    photos: "PhotoTable",
    *,
    split: str = "test",
    leaks: "LeakReport | None" = None,
    batch_size: int = 32,
    workers: int = 0,
    on_batch: Callable[[int, int], None] | None = None,
) -> "Evaluation":
    """How good a model is on photos whose place is known: every statistic with its interval.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    evaluation = gg.evaluate(gg.load_model("artifacts/model"), photos)
    gg.save(evaluation, "artifacts/eval")
    ```

    Args:
        model: The model.
        photos: A photo table; its training photos show how far each photo lies from them.
        split: The photos that count: "test", "val", "train" or "all".
        leaks: What the split shares with the training photos (default: it is looked up).
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        on_batch: Called with (photos done, photos in all) after each batch.

    Raises:
        PhotoTableError: The table has no photo in the split.
        PhotoError: Not one photo could be read.
        ModelError: A logit is not finite.
    """
    from geoguess_cli.evaluation.evaluation import evaluate as run
    from geoguess_cli.photos.leaks import find_leaks

    if leaks is None and split != "train" and {"train", split} <= photos.splits.keys():
        leaks = find_leaks(photos, between=("train", split))
    return run(
        model.predictor,
        photos_of_split(photos, split),
        split=split,
        training=photos.only("train").latlng if photos.has("split") else None,
        leaks=leaks,
        batch_size=batch_size,
        workers=workers,
        on_batch=on_batch,
    )


def photos_of_split(photos: "PhotoTable", split: str) -> "PhotoTable":
    """The photos of a split; every photo for "all", or if the table has no split.

    Raises:
        PhotoTableError: The table has splits, but no photo in this split.
    """
    if split == "all" or not photos.has("split"):
        return photos
    if split not in photos.splits:
        raise PhotoTableError(
            f"the photo table has no photo in the split `{split}`, only in "
            f"{', '.join(photos.splits)}; the split `all` is every photo"
        )
    return photos.only(split)


def compare(
    a: "Evaluation", b: "Evaluation", *, names: tuple[str, str] = ("a", "b")
) -> "Comparison":
    """Two evaluations of the same photos side by side, with the interval of each difference.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    model = gg.load_model("artifacts/model")
    a, b = gg.evaluate(model, photos), gg.evaluate(model, photos)
    gg.save(gg.compare(a, b, names=("before", "after")), "artifacts/comparison")
    ```

    Args:
        a: The evaluation of the first model.
        b: The evaluation of the second model; the differences are b minus a.
        names: What each model is called.

    Raises:
        PhotoTableError: The evaluations are of different photos, or share no readable photo.
    """
    from geoguess_cli.evaluation.comparison import compare as run

    return run(a, b, names=names)


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
