"""The metadata of a card, read by the hub's own classes."""

from typing import Any

import pytest
from huggingface_hub import ModelCard

from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.model.card import model_card
from geoguess_cli.model.checkpoint import TrainedModel, describe
from geoguess_cli.model.front_matter import (
    CardEvaluation,
    CardFacts,
    Result,
    facts_in,
    licence_id,
    read_front_matter,
)
from geoguess_cli.wording import StatisticText

TEXT = StatisticText("0")
RESULTS = (
    Result("all.top_1", "top-1, all photos", 0.123456789, (0.1, 0.15), TEXT),
    Result("median_km", "median distance", 210.5, (180.0, 250.25), TEXT),
    Result("geoscore", "GeoScore", 3100.0, (), TEXT),
)
FACTS = CardFacts(
    name="Street: views #1",
    licence="cc-by-sa-4.0",
    datasets=("osv5m/osv5m", "été, 2024"),
    measured=CardEvaluation("test", 500, 40, "", RESULTS),
)


def test_the_hub_reads_the_metadata_as_it_is_meant(trained: TrainedModel) -> None:
    data = ModelCard(model_card(describe(trained), FACTS)).data
    assert data.license == "cc-by-sa-4.0"
    assert data.library_name == "geoguess"
    assert data.pipeline_tag == "image-classification"
    assert {"geoguess", "image-geolocation"} <= set(data.tags or [])
    assert data.datasets == list(FACTS.datasets)
    assert data.model_name == FACTS.name
    read = data.eval_results or []
    for result, own in zip(read, RESULTS, strict=True):
        assert result.metric_type == own.key
        assert result.metric_name == own.name
        assert result.metric_value == pytest.approx(own.value, rel=1e-5)
        ends = (result.metric_args or {}).get("interval_95", ())
        assert tuple(ends) == pytest.approx(own.interval)
        assert (result.dataset_type, result.dataset_split) == ("osv5m/osv5m", "test")
        assert result.dataset_args == {"photos": 500, "sequences": 40}


def test_a_card_without_facts_is_a_card_of_the_hub_without_a_licence(
    trained: TrainedModel,
) -> None:
    data = ModelCard(model_card(describe(trained))).data
    assert data.license is None
    assert data.eval_results is None
    assert data.library_name == "geoguess"


def test_an_evaluation_without_a_data_set_has_a_name_all_the_same(trained: TrainedModel) -> None:
    facts = CardFacts(measured=FACTS.measured)
    data = ModelCard(model_card(describe(trained), facts)).data
    assert data.model_name == "test_resnet + test_vit, 4 cells"
    assert {one.dataset_type for one in data.eval_results or []} == {"own-photos"}


@pytest.mark.parametrize("facts", [CardFacts(), FACTS, CardFacts(datasets=("one",))])
def test_facts_are_read_back(trained: TrainedModel, facts: CardFacts) -> None:
    read = facts_in(model_card(describe(trained), facts))
    assert read == CardFacts(facts.name, facts.licence, facts.datasets)


@pytest.mark.parametrize(
    ("card", "tree"),
    [
        ("", {}),
        ("# A title\n", {}),
        ("---\nlicense: mit\n---\n", {"license": "mit"}),
        ("\n---\r\nlicense: mit\r\n---\r\ntext", {"license": "mit"}),
        ("---\n- a list\n---\n", {}),
    ],
)
def test_the_metadata_of_a_card_by_another_hand(card: str, tree: dict[str, Any]) -> None:
    assert read_front_matter(card) == tree
    assert facts_in(card).licence == tree.get("license", "")


def test_yaml_that_is_not_valid_is_said_in_one_line() -> None:
    with pytest.raises(ModelError, match="YAML that is not valid") as wrong:
        facts_in("---\nlicense: [\n---\n")
    assert "\n" not in str(wrong.value)
    assert facts_in("---\ndatasets: one\n---\n").datasets == ("one",)


@pytest.mark.parametrize(("text", "own"), [("MIT", "mit"), (" cc-by-sa-4.0 ", "cc-by-sa-4.0")])
def test_the_identifier_of_a_licence(text: str, own: str) -> None:
    assert licence_id(text) == own


@pytest.mark.parametrize("text", ["CC BY-SA 4.0", "", "mine: all", "©"])
def test_what_is_no_identifier_of_a_licence(text: str) -> None:
    with pytest.raises(ConfigError, match="repositories-licenses"):
        licence_id(text)
