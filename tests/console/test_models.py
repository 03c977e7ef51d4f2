"""The model of a verb: loaded once in each process, exact or limited where that is asked for."""

import dataclasses
import pickle

import pytest
from command_worlds import World

from geoguess_cli.config import Config, FeaturesConfig, load_config
from geoguess_cli.console.models import ModelOfVerb, load_predictor
from geoguess_cli.errors import ConfigError
from geoguess_cli.inference.kept import FeaturePredictor
from geoguess_cli.inference.sharing import SharedPredictor, predictor_of
from geoguess_cli.model.processes import ALONE, Processes


@pytest.fixture
def config(trained_world: World) -> Config:
    config = load_config(trained_world.folder / "geoguess.toml", environment={})
    return dataclasses.replace(config, precision="auto")


def test_a_model_that_was_sent_is_loaded_once(config: Config) -> None:
    here = ModelOfVerb(config.model_path, config, keeps=False)
    there = pickle.loads(pickle.dumps(here))
    assert predictor_of(there) is predictor_of(here)
    config = dataclasses.replace(config, features=FeaturesConfig(dtype="float32"))
    for keeps in (True, False):
        predictor = ModelOfVerb(config.model_path, config, keeps).load()
        assert isinstance(predictor, FeaturePredictor) == keeps


def test_occlusion_is_exact_unless_a_precision_is_chosen(config: Config) -> None:
    assert load_predictor(config, None, exact=True).precision == "fp32"
    chosen = dataclasses.replace(config, precision="bf16")
    assert load_predictor(chosen, None, exact=True).precision == "bf16"


def test_several_processes_share_photos_and_a_region_stays(config: Config) -> None:
    two = Processes(0, 2, 0, 2)
    assert not isinstance(load_predictor(config, None, processes=ALONE), SharedPredictor)
    limited = load_predictor(config, config.model_path, within="Texas", processes=two)
    assert isinstance(limited, SharedPredictor)
    assert limited.processes is two
    assert len(limited.partition) < len(limited.trained.partition)
    with pytest.raises(ConfigError):
        load_predictor(config, None, within="Atlantis", processes=two)
