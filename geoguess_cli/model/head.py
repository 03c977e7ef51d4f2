"""The head: the layers that give each cell its logit."""

from collections import OrderedDict

from torch import nn

from geoguess_cli.config import ModelConfig


def create_head(width: int, config: ModelConfig, *, cells: int) -> nn.Sequential:
    """A head with random weights; its last layer is `linear`, with one column a cell.

    Args:
        width: Number of features of a photo.
        config: `head` and `dropout`. "linear" is dropout and one linear layer; "mlp" has a hidden
            layer of the width of the features with GELU before them.
        cells: Number of columns of the logits.
    """
    hidden = (
        OrderedDict(hidden=nn.Linear(width, width), activation=nn.GELU())
        if config.head == "mlp"
        else OrderedDict[str, nn.Module]()
    )
    last = OrderedDict(dropout=nn.Dropout(config.dropout), linear=nn.Linear(width, cells))
    return nn.Sequential(hidden | last)
