import numpy as np
import pytest
from figure_worlds import by_gid, texts_of
from matplotlib.axes import Axes

from geoguess_cli.report.training_curves import training_curves

pytestmark = pytest.mark.usefixtures("leaves_no_trace")


ROWS = [
    {
        "stage": 1 + (epoch >= 2) + (epoch >= 5),
        "stage_name": ("heads", "everything", "vit")[(epoch >= 2) + (epoch >= 5)],
        "epoch": epoch,
        "loss": 5.0 - epoch,
        "val_loss": [5.0, 4.0, 3.0, 2.5, 2.75, 2.5, 3.0][epoch],
        "val_top_1": epoch / 20,
        "val_top_5": epoch / 10,
        "learning_rate": [1e-3, 1e-3, 1e-4, 1e-4, 5e-5, 1e-4, 1e-4][epoch],
    }
    for epoch in range(7)
]


def lines(ax: Axes) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_xydata()) for line in ax.lines}


def test_curves_hold_the_rows() -> None:
    figure = training_curves(ROWS)
    loss, accuracy, rate = figure.axes
    assert lines(loss)["training"].tolist() == [[i + 1, 5.0 - i] for i in range(7)]
    assert lines(loss)["validation"][:, 1].tolist() == [row["val_loss"] for row in ROWS]
    assert lines(accuracy)["top 1"][:, 1].tolist() == [row["val_top_1"] for row in ROWS]
    assert lines(accuracy)["top 5"][:, 1].tolist() == [row["val_top_5"] for row in ROWS]
    assert rate.get_yscale() == "log"
    assert rate.lines[0].get_ydata().tolist() == [row["learning_rate"] for row in ROWS]
    assert loss.get_shared_x_axes().joined(loss, rate)


def test_the_best_epoch_is_the_first_of_least_validation_loss() -> None:
    figure = training_curves(ROWS)
    (mark,) = by_gid(figure, "best")
    assert mark.get_xydata().tolist() == [[4.0, 2.5]]
    assert "best: 2.500, epoch 4" in texts_of(figure)


def test_stages_are_shaded_and_named() -> None:
    figure = training_curves(ROWS)
    for ax in figure.axes:
        spans = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]
        assert spans == [(0.5, 2.5), (5.5, 7.5)]  # every other of three
    notes = {note.get_text(): note.xy[0] for note in figure.axes[0].texts}
    assert {name: notes[name] for name in ("heads", "everything", "vit")} == {
        "heads": 0.5,
        "everything": 2.5,
        "vit": 5.5,
    }


def test_without_validation_there_is_no_best() -> None:
    rows = [{**row, "val_loss": None, "val_top_1": None} for row in ROWS]
    figure = training_curves([{k: v for k, v in row.items() if k != "val_top_5"} for row in rows])
    assert set(lines(figure.axes[0])) == {"training"}
    assert not lines(figure.axes[1])
    assert not by_gid(figure, "best")
    figure.canvas.draw()


@pytest.mark.parametrize("count", [0, 1])
def test_the_shortest_trainings_can_be_drawn(count: int) -> None:
    assert f"Training, {count} epoch{'s' if count == 0 else ''}" in texts_of(
        training_curves(ROWS[:count])
    )
