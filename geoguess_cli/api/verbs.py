"""The verbs as functions; the commands call the same functions."""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from geoguess_cli.api.calibrating import fit_on_validation
from geoguess_cli.api.model import Model
from geoguess_cli.api.opening import predictor_of
from geoguess_cli.choices import SplitBy
from geoguess_cli.config import Config, load_config
from geoguess_cli.errors import GeoguessWarning, PhotoTableError

if TYPE_CHECKING:
    from geoguess_cli.evaluation.evaluation import Evaluation
    from geoguess_cli.evaluation.fitting import Fit
    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.photos.leak_report import LeakReport
    from geoguess_cli.photos.table import PhotoTable
    from geoguess_cli.training.progress import EpochStats
    from geoguess_cli.training.session import TrainingSession


def read_photos(
    source: str | Path, *, columns: Mapping[str, str] | None = None, swap: bool = False
) -> "PhotoTable":
    """The photo table of a source of any layout that `geoguess data inspect` knows.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    print(len(photos), photos.splits)
    ```

    Args:
        source: A table file, or a folder of photos. Rows that cannot be used are left out, with a
            Python warning; another warning names columns that were taken by an unusual name.
        columns: What the table calls its columns, such as `{"photo": "key", "latitude": "y"}`;
            `point` is a column of points, in place of latitude and longitude.
        swap: Exchange latitude and longitude, for a table that has them exchanged; if they only
            look so, a Python warning says it.

    Raises:
        MissingFileError: The source does not exist.
        PhotoTableError: The source has no known layout, is damaged, or has no usable row.
    """
    from geoguess_cli.sources.reading import read_source

    reading = read_source(Path(source), columns=columns, swap=swap)
    for notice in reading.notices:
        warnings.warn(notice, GeoguessWarning, stacklevel=2)
    if reading.order.looks_exchanged:
        remedy = "`swap=True` exchanges them"
        warnings.warn(f"{source}: {reading.order}; {remedy}", GeoguessWarning, stacklevel=2)
    omitted = [
        *map(str, reading.bad_rows),
        *(f"{photo} does not exist" for photo in reading.missing),
    ]
    if omitted:
        warnings.warn(
            f"{source}: {len(omitted)} rows are left out, such as {omitted[0]}; "
            "`geoguess data inspect` lists them",
            GeoguessWarning,
            stacklevel=2,
        )
    return reading.table


def split_photos(
    photos: "PhotoTable",
    *,
    by: SplitBy | None = None,
    val: float = 0.1,
    test: float = 0.1,
    buffer_km: float | Literal["auto"] = 1.0,
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
        buffer_km: Training photos within this distance of a val or test photo get an empty split;
            "auto" takes the widest of 1, 0.5, 0.25 and 0.1 km that keeps 80 % of them.
        level: S2 level of the cells that stay whole, 0 to 30.
        seed: Seed of the draw.
        force: Replace a split that exists.

    Raises:
        PhotoTableError: The shares cannot be met, or the table lacks the column to split by.
    """
    from geoguess_cli.photos.buffers import split_within
    from geoguess_cli.photos.splits import assign_splits

    if buffer_km == "auto":
        return split_within(photos, by=by, val=val, test=test, level=level, seed=seed, force=force)[
            0
        ]
    return assign_splits(
        photos, by=by, val=val, test=test, buffer_km=buffer_km, level=level, seed=seed, force=force
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

    config = Config() if config is None else _read(config)
    run = new_run(config.artifacts / "runs", name)
    session = TrainingSession(config, photos, partition, run=run)
    for stats in session.epochs():
        if on_epoch is not None:
            on_epoch(stats)
    return conclude(session)[0]


def conclude(
    session: "TrainingSession",
    *,
    memory: bool = False,
    on_batch: Callable[[int, int], None] | None = None,
) -> "tuple[Model, Fit]":
    """The model of a training with its decision fitted on the validation photos, and that fit.

    Args:
        session: A training of which at least one epoch has ended.
        memory: Let the model carry the features of its training photos.
        on_batch: Called with (photos done, photos in all) after each batch.

    Raises:
        MissingFileError: No epoch of the training has ended.
    """
    from geoguess_cli.model.device import compute_threads

    trained, config = session.trained(), session.config
    predictor = predictor_of(trained, config, keeps=True)
    with compute_threads(session.threads):
        fit = fit_on_validation(
            predictor,
            session.photos,
            batch_size=config.train.batch_size,
            workers=config.workers,
            memory=memory,
            on_batch=on_batch,
        )
    decided = fit.applied_to(trained)
    session.log.tell("model", decided.metrics)
    return Model(predictor_of(decided, config)), fit


def evaluate(
    model: Model,
    photos: "PhotoTable",
    *,
    split: str = "test",
    group_by: str | None = None,
    config: Config | str | Path | None = None,
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
        group_by: A column such as "sequence": photos that share its value are answered together,
            and each group counts as one.
        config: A configuration or its file: where its `features.dtype` says so, features of photos
            are read from its artifacts folder, and kept there, as by `geoguess eval`. Device,
            precision and greatest number of pixels are then its own.
        leaks: What the split shares with the training photos (default: it is looked up).
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        on_batch: Called with (photos done, photos in all) after each batch.

    Raises:
        PhotoTableError: The table has no photo in the split.
        PhotoError: Not one photo could be read.
        ModelError: A logit is not finite.
    """
    from geoguess_cli.evaluation.evaluation import Predicts
    from geoguess_cli.evaluation.evaluation import evaluate as run
    from geoguess_cli.evaluation.groups import by_group
    from geoguess_cli.photos.leaks import find_leaks

    if leaks is None and split != "train" and {"train", split} <= photos.splits.keys():
        leaks = find_leaks(photos, between=("train", split))
    predictor: Predicts = model.predictor if config is None else _keeping(model, _read(config))
    table, grouped = photos_of_split(photos, split), None
    if group_by is not None:
        redundancy = model.predictor.answering.decision.redundancy
        predictor, table, grouped = by_group(predictor, table, group_by, redundancy=redundancy)
    return run(
        predictor,
        table,
        split=split,
        grouped=grouped,
        training=photos.only("train").latlng if photos.has("split") else None,
        leaks=leaks,
        batch_size=batch_size,
        workers=workers,
        on_batch=on_batch,
    )


def _read(config: Config | str | Path) -> Config:
    return config if isinstance(config, Config) else load_config(Path(config), environment={})


def _keeping(model: Model, config: Config) -> "PhotoPredictor":
    """The predictor of a model, limited to the same region, that reads and keeps features.

    An ONNX file has no encoder whose features could be kept; its predictor stays as it is.
    """
    from geoguess_cli.model.onnx_model import OnnxModel

    if isinstance(model.predictor.trained, OnnxModel):
        return model.predictor
    from geoguess_cli.model.trained import with_network

    predictor = predictor_of(with_network(model.predictor.trained), config, keeps=True)
    predictor.answering = model.predictor.answering
    return predictor


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
