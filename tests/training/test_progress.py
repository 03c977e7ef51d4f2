"""A step says where the training stands."""

from training_worlds import Lab

from geoguess_cli.training.progress import StepStats


def test_steps_report_where_the_training_stands(lab: Lab) -> None:
    steps: list[StepStats] = []
    lab.train(on_step=steps.append, stage=1)
    first = [(s.phase, s.step, s.steps) for s in steps if s.epoch == 1]
    assert first == [("train", n, 3) for n in (1, 2, 3)] + [("val", n, 2) for n in (1, 2)]
    assert {(s.stage, s.stage_name, s.epochs) for s in steps} == {(1, "heads", 2)}
    assert all(s.loss > 0 and s.photos_per_second > 0 for s in steps if s.phase == "train")
