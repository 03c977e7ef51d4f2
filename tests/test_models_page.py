"""docs/models.md keeps its word: its configuration trains, its figures are those of the table."""

import re
import tomllib
from pathlib import Path

from geoguess_cli.adoption.published import PUBLISHED
from geoguess_cli.config import from_dict
from geoguess_cli.hub import client
from geoguess_cli.training.features import reads_features
from geoguess_cli.wording import byte_size

PAGE = (Path(__file__).resolve().parents[1] / "docs/models.md").read_text(encoding="utf-8")
GEOCLIP = PUBLISHED["geoclip"]


def test_the_configuration_trains_from_an_adopted_model() -> None:
    (block,) = [
        text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "projected" in text
    ]
    config = from_dict(tomllib.loads(block))
    assert (config.model.backbone, config.model.projected) == (GEOCLIP.backbone, True)
    config.model.check_stages(config.train.stages)
    assert reads_features(config, config.train.stages[0])


def test_versions_sizes_and_cells_are_those_of_the_table() -> None:
    assert f"pip download --no-deps {GEOCLIP.requirement}\n" in PAGE
    assert f"{GEOCLIP.package}-{GEOCLIP.version}-py3-none-any.whl" in PAGE
    assert f"| {byte_size(GEOCLIP.package_bytes)} | {GEOCLIP.licence} |" in PAGE
    assert f"| {byte_size(GEOCLIP.encoder_bytes)} | {GEOCLIP.encoder_licence} " in PAGE
    assert f"more than {GEOCLIP.max_places} places is split" in PAGE
    assert GEOCLIP.backbone in PAGE
    assert GEOCLIP.encoder_page in PAGE


def test_the_messages_are_those_of_the_program() -> None:
    """Each message of the table, up to the first gap, stands in the module that says it."""
    source = re.sub(r'"\n\s*f?"', "", Path(client.__file__).read_text(encoding="utf-8"))
    table = PAGE.partition("| the message says |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)
    messages = [row.strip("… ").removesuffix("hf://").rstrip() for row in rows if "---" not in row]
    assert len(messages) == 4
    for message in messages:
        assert message in source, message
