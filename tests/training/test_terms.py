"""A training resumes on the terms that it began with."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from training_worlds import Lab, smaller

from geoguess_cli.errors import (
    ConfigError,
)


def test_a_changed_configuration_is_not_resumed(lab: Lab) -> None:
    lab.interrupt("run", epoch=2, step=1)
    train = dataclasses.replace(lab.config.train, batch_size=4)
    with pytest.raises(ConfigError, match=r"cannot resume: train.batch_size was 8 and is 4\. Put"):
        lab.train(resume=True, config=dataclasses.replace(lab.config, train=train))
    with pytest.raises(ConfigError, match=f"the partition was {lab.digest[:12]} and is "):
        lab.train(resume=True, partition=smaller(lab.partition))
    fewer = lab.table.take(np.arange(1, len(lab.table)))
    with pytest.raises(ConfigError, match="the training photos was 24 with digest"):
        lab.train(resume=True, table=fewer)
    # What does not decide the result may change.
    moved = dataclasses.replace(lab.config, workers=2, artifacts=Path("elsewhere"))
    assert [s.epoch for s in lab.train(resume=True, config=moved)[1]] == [2, 3, 4]
