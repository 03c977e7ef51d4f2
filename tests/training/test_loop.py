"""Training: it learns, it stops and goes on exactly, and it says what is wrong."""

import dataclasses
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from geoguess_cli.config import Config, StageConfig, load_config
from geoguess_cli.errors import (
    ConfigError,
    GeoguessError,
    MissingFileError,
    ModelError,
    PhotoTableError,
)
from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.states import cells_digest
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.progress import EpochStats, StepStats
from geoguess_cli.training.run import Run
from geoguess_cli.training.session import TrainingSession

State = dict[str, torch.Tensor]


@dataclasses.dataclass
class Lab:
    """Trains the tiny model, in a run of any name, and hands back weights and epochs."""

    config: Config
    table: PhotoTable
    partition: Partition
    build: Callable[..., Geolocator]
    folder: Path

    @property
    def digest(self) -> str:
        return cells_digest(self.partition.cells)

    def run(self, name: str = "run") -> Run:
        return Run(self.folder / name)

    def session(self, name: str = "run", **options: Any) -> TrainingSession:
        config = options.pop("config", self.config)
        table = options.pop("table", self.table)
        partition = options.pop("partition", self.partition)
        return TrainingSession(config, table, partition, run=self.run(name), **options)

    def train(
        self,
        name: str = "run",
        *,
        weights: int | None = None,
        on_step: Callable[[StepStats], None] | None = None,
        on_failure: Callable[[Path, str], None] | None = None,
        **options: Any,
    ) -> tuple[State, list[EpochStats]]:
        session = self.session(name, **options)
        if weights is not None:
            session.geolocator.load_state_dict(self.build(weights).state_dict())
        stats = list(session.epochs(on_step=on_step, on_failure=on_failure))
        return session.trained().geolocator.state_dict(), stats

    def interrupt(self, name: str, *, epoch: int, step: int, phase: str = "train") -> None:
        """A Ctrl-C after a batch of an epoch, numbered from 1."""

        def on_step(stats: StepStats) -> None:
            if (stats.epoch, stats.step, stats.phase) == (epoch, step, phase):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.train(name, on_step=on_step)

    def moved(self, split: str, place: tuple[float, float]) -> PhotoTable:
        """The table with all photos of a split at one place."""
        here = pl.col("split") == split
        columns = zip(("latitude", "longitude"), place, strict=True)
        frame = self.table.frame.with_columns(
            pl.when(here).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in columns
        )
        return PhotoTable(frame, self.table.root)


@pytest.fixture
def lab(
    build: Callable[..., Geolocator],
    config: Config,
    table: PhotoTable,
    partition: Partition,
    tmp_path: Path,
) -> Lab:
    return Lab(config, table, partition, build, tmp_path)


def _smaller(partition: Partition) -> Partition:
    """Four smaller cells of one level, around the same towns."""
    level = int(partition.levels.max()) + 1
    return dataclasses.replace(partition, cells=latlng_to_cell(partition.centroids, level))


def _same(a: State, b: State) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def _timeless(stats: list[EpochStats]) -> list[EpochStats]:
    return [dataclasses.replace(s, seconds=0.0, photos_per_second=0.0) for s in stats]


def test_it_learns_the_four_colours(lab: Lab) -> None:
    long = dataclasses.replace(
        lab.config.train,
        stages=(lab.config.train.stages[0], StageConfig("everything", 14, learning_rate=1e-3)),
    )
    _, stats = lab.train(config=dataclasses.replace(lab.config, train=long))
    best = min(stats, key=lambda epoch: epoch.val_loss)
    assert best.val_loss < 0.5 < stats[0].val_loss
    assert best.val_top_1 == pytest.approx(0.8)  # the two of ten in no cell count as wrong
    assert best.val_top_5 == pytest.approx(0.8)


def test_epochs_are_counted_through_the_stages_and_written_down(lab: Lab) -> None:
    _, stats = lab.train()
    assert [(s.stage, s.stage_name, s.epoch, s.epochs) for s in stats] == [
        (1, "heads", 1, 4),
        (1, "heads", 2, 4),
        (2, "everything", 3, 4),
        (2, "everything", 4, 4),
    ]
    assert [s.learning_rate for s in stats] == [3e-3, 3e-3, 1e-3, 1e-3]
    run = lab.run()
    assert run.metrics() == [dataclasses.asdict(s) for s in stats]
    assert load_config(run.config_path, environment={}).train == lab.config.train


def test_the_best_weights_are_the_ones_that_remain(lab: Lab) -> None:
    session = lab.session()
    weights = {}
    for stats in session.epochs():
        state = session.geolocator.state_dict()
        weights[stats.val_loss] = {name: tensor.clone() for name, tensor in state.items()}
        assert stats.best == (stats.val_loss == min(weights))
    least = min(weights)
    assert _same(session.trained().geolocator.state_dict(), weights[least])
    state, best = lab.run().best(cells_digest=lab.digest)
    assert _same(state, weights[least])
    assert best.val_loss == least


@pytest.mark.parametrize(
    ("epoch", "step", "phase"), [(2, 2, "train"), (3, 1, "train"), (4, 2, "val"), (1, 1, "train")]
)
def test_an_interrupted_training_goes_on_bit_for_bit(
    epoch: int, step: int, phase: str, lab: Lab
) -> None:
    straight, all_stats = lab.train("straight")
    lab.interrupt("broken", epoch=epoch, step=step, phase=phase)
    assert [line["epoch"] for line in lab.run("broken").metrics()] == list(range(1, epoch))
    torch.manual_seed(1234)  # a new process has other randomness, and other first weights
    resumed, rest = lab.train("broken", weights=99, resume=True)
    assert _same(straight, resumed)
    assert _timeless(rest) == _timeless(all_stats[epoch - 1 :])
    assert [line["epoch"] for line in lab.run("broken").metrics()] == [1, 2, 3, 4]


def test_a_finished_training_resumes_to_its_result(lab: Lab) -> None:
    straight, _ = lab.train()
    resumed, rest = lab.train(weights=99, resume=True)
    assert rest == []
    assert _same(straight, resumed)


def test_an_epoch_that_was_kept_but_not_marked_is_run_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power fails after an epoch's best weights and metrics, before its resume state."""
    straight, _ = lab.train("straight")
    saves = itertools.count()
    save = Run.save_resume

    def failing(run: Run, state: dict[str, Any]) -> None:
        if next(saves) == 3:
            raise KeyboardInterrupt
        save(run, state)

    monkeypatch.setattr(Run, "save_resume", failing)
    with pytest.raises(KeyboardInterrupt):
        lab.train("broken")
    monkeypatch.undo()
    assert [line["epoch"] for line in lab.run("broken").metrics()] == [1, 2, 3]
    resumed, rest = lab.train("broken", resume=True)
    assert [s.epoch for s in rest] == [3, 4]
    assert _same(straight, resumed)
    assert [line["epoch"] for line in lab.run("broken").metrics()] == [1, 2, 3, 4]


def test_workers_change_nothing(lab: Lab) -> None:
    alone, stats = lab.train("alone")
    helped, same = lab.train("helped", config=dataclasses.replace(lab.config, workers=2))
    assert _same(alone, helped)
    assert _timeless(stats) == _timeless(same)


def test_the_seed_decides(lab: Lab) -> None:
    one, _ = lab.train("one")
    torch.manual_seed(77)
    again, _ = lab.train("again")
    other, _ = lab.train("other", config=dataclasses.replace(lab.config, seed=6))
    assert _same(one, again)
    assert not _same(one, other)


def test_the_caller_s_randomness_is_left_alone(lab: Lab) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    lab.train()
    assert torch.equal(torch.rand(4), expected)


def test_stage_by_stage_is_the_same_as_all_at_once(lab: Lab) -> None:
    together, stats = lab.train("together")
    _, first = lab.train("apart", stage=1)
    apart, second = lab.train("apart", weights=99, stage=2)
    assert _same(together, apart)
    assert [s.epoch for s in first + second] == [1, 2, 3, 4]
    assert [s.val_loss for s in first + second] == [s.val_loss for s in stats]
    assert [line["epoch"] for line in lab.run("apart").metrics()] == [1, 2, 3, 4]


def test_a_single_stage_can_be_interrupted_too(lab: Lab) -> None:
    together, _ = lab.train("together")
    lab.train("apart", stage=1)

    def on_step(stats: StepStats) -> None:
        if stats.epoch == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.train("apart", stage=2, on_step=on_step)
    with pytest.raises(ConfigError, match=r"cannot resume stage 1: .* was training stage 2"):
        lab.train("apart", stage=1, resume=True)
    resumed, rest = lab.train("apart", weights=99, resume=True)
    assert [s.epoch for s in rest] == [4]
    assert _same(together, resumed)


def test_a_stage_run_again_forgets_its_first_try_and_all_that_followed(lab: Lab) -> None:
    lab.train()
    lab.train(stage=1)
    run = lab.run()
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    assert run.stage_path(1).is_file()
    assert not run.stage_path(2).exists()


def test_a_stage_without_its_predecessor_says_so(lab: Lab) -> None:
    with pytest.raises(MissingFileError, match=r"stage 2 starts from the result of stage 1.*none"):
        lab.train(stage=2)
    lab.train(stage=1)
    with pytest.raises(ModelError, match="trained on another partition"):
        lab.train(stage=2, partition=_smaller(lab.partition))
    model = dataclasses.replace(lab.config.model, grid=3)
    with pytest.raises(ModelError, match="another architecture"):
        lab.train(stage=2, config=dataclasses.replace(lab.config, model=model))


def test_a_changed_configuration_is_not_resumed(lab: Lab) -> None:
    lab.interrupt("run", epoch=2, step=1)
    train = dataclasses.replace(lab.config.train, batch_size=4)
    with pytest.raises(ConfigError, match=r"cannot resume: train.batch_size was 8 and is 4\. Put"):
        lab.train(resume=True, config=dataclasses.replace(lab.config, train=train))
    with pytest.raises(ConfigError, match=f"the partition was {lab.digest[:12]} and is "):
        lab.train(resume=True, partition=_smaller(lab.partition))
    fewer = lab.table.take(np.arange(1, len(lab.table)))
    with pytest.raises(ConfigError, match="the training photos was 24 with digest"):
        lab.train(resume=True, table=fewer)
    # What does not decide the result may change.
    moved = dataclasses.replace(lab.config, workers=2, artifacts=Path("elsewhere"))
    assert [s.epoch for s in lab.train(resume=True, config=moved)[1]] == [2, 3, 4]


def test_nothing_to_resume(lab: Lab) -> None:
    with pytest.raises(MissingFileError, match="nothing to resume"):
        lab.train(resume=True)
    lab.interrupt("run", epoch=2, step=1)
    lab.run().resume_path.write_bytes(b"no state")
    with pytest.raises(ModelError, match="is damaged"):
        lab.train(resume=True)


def test_a_plateau_lowers_the_rate_of_its_stage_only(lab: Lab) -> None:
    stages = (
        StageConfig("still", epochs=4, learning_rate=1e-12, freeze=("backbone", "vit")),
        StageConfig("everything", epochs=1, learning_rate=1e-3),
    )
    train = dataclasses.replace(
        lab.config.train, stages=stages, plateau_patience=0, plateau_factor=0.1
    )
    _, stats = lab.train(config=dataclasses.replace(lab.config, train=train))
    rates = [s.learning_rate for s in stats]
    # A rate too small to change the loss: the first epoch sets the mark, the others miss it.
    assert rates[0] == rates[1] == 1e-12
    assert rates[2] == pytest.approx(1e-13)
    assert rates[4] == 1e-3


def test_a_loss_that_diverges_keeps_the_best_and_advises(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geoguess_cli.training import epoch, targets

    loss, calls = targets.cell_loss, itertools.count()

    def diverging(*args: Any, **options: Any) -> torch.Tensor:
        # An epoch takes 3 batches to learn from and one to validate; the last lies in no cell.
        return loss(*args, **options) * (math.nan if next(calls) == 5 else 1.0)

    for module in (epoch, targets):
        monkeypatch.setattr(module, "cell_loss", diverging)
    with pytest.raises(ModelError) as caught:
        lab.train()
    message = str(caught.value)
    assert message.startswith("stage 1 (heads), epoch 2, step 2: the training loss is nan. Lower")
    assert "learning_rate (0.003)" in message
    assert str(lab.run().best_path) in message
    state, best = lab.run().best(cells_digest=lab.digest)
    assert best.epoch == 1
    assert all(torch.isfinite(value).all() for value in state.values())


def test_steps_report_where_the_training_stands(lab: Lab) -> None:
    steps: list[StepStats] = []
    lab.train(on_step=steps.append, stage=1)
    first = [(s.phase, s.step, s.steps) for s in steps if s.epoch == 1]
    assert first == [("train", n, 3) for n in (1, 2, 3)] + [("val", n, 2) for n in (1, 2)]
    assert {(s.stage, s.stage_name, s.epochs) for s in steps} == {(1, "heads", 2)}
    assert all(s.loss > 0 and s.photos_per_second > 0 for s in steps if s.phase == "train")


def test_unreadable_photos_are_counted_reported_once_and_skipped(lab: Lab, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    first = pl.int_range(pl.len()).over("split") == 0

    def with_broken(rows: pl.Expr) -> PhotoTable:
        photo = pl.when(rows).then(pl.lit(str(broken))).otherwise(pl.col("photo"))
        return PhotoTable(lab.table.frame.with_columns(photo.alias("photo")), lab.table.root)

    failures: list[Path] = []
    train = pl.col("split") == "train"
    _, stats = lab.train(
        table=with_broken(first & train),
        stage=1,
        on_failure=lambda path, _reason: failures.append(path),
    )
    assert [s.skipped for s in stats] == [1, 1]
    assert failures == [broken]
    assert all(math.isfinite(s.loss) for s in stats)
    with pytest.raises(PhotoTableError, match="none of the 24 training photos can be read"):
        lab.train(table=with_broken(train))
    with pytest.raises(PhotoTableError, match="none of the 10 validation photos can be read"):
        lab.train(table=with_broken(~train))


def test_photos_in_no_cell_are_not_trained_on(lab: Lab) -> None:
    inside = lab.partition.assign(lab.table.latlng) >= 0
    kept = inside | (lab.table.frame["split"] == "val").to_numpy()
    assert (~kept).sum() == 2
    with_uncovered, _ = lab.train("with")
    without, _ = lab.train("without", table=lab.table.take(np.flatnonzero(kept)))
    assert _same(with_uncovered, without)


@pytest.mark.parametrize(("split", "words"), [("train", "0 training photos"), ("val", "none of")])
def test_a_split_without_covered_photos_is_refused(split: str, words: str, lab: Lab) -> None:
    with pytest.raises(PhotoTableError, match=words):
        lab.train(table=lab.moved(split, (0.0, 0.0)))
    assert not lab.run().folder.exists()


def test_a_last_batch_of_one_photo_is_survived(lab: Lab) -> None:
    """A batch norm over one value has no spread: 32 px end in a map of one place."""
    train = dataclasses.replace(lab.config.train, batch_size=23)
    config = dataclasses.replace(lab.config, train=train)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        lab.build()(torch.zeros(1, 3, 32, 32))
    _, stats = lab.train(config=config)
    assert all(math.isfinite(s.loss) for s in stats)


def test_bf16_learns_and_keeps_fp32_weights(lab: Lab) -> None:
    state, stats = lab.train(config=dataclasses.replace(lab.config, precision="bf16"))
    assert stats[-1].loss < stats[0].loss
    assert all(value.dtype != torch.bfloat16 for value in state.values())


def test_metrics_survive_a_torn_last_line(lab: Lab) -> None:
    lab.train(stage=1)
    run = lab.run()
    with run.metrics_path.open("a") as file:
        file.write('{"epoch": 3, "val_lo')
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    assert all(json.loads(line) for line in run.metrics_path.read_text().splitlines()[:-1])


def test_every_error_is_written_for_the_user(lab: Lab) -> None:
    with pytest.raises(GeoguessError, match="this machine has"):
        lab.train(config=dataclasses.replace(lab.config, device="cuda:99"))
    with pytest.raises(GeoguessError, match="there is no stage 3"):
        lab.train(stage=3)
    with pytest.raises(MissingFileError, match="no epoch of it has ended"):
        lab.run("nothing").best(cells_digest=lab.digest)
