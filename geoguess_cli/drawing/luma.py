"""How bright a colour is."""

from typing import Any


def luma(red: Any, green: Any, blue: Any) -> Any:
    """Brightness of colours, in the unit of their channels (ITU-R BT.601, as Pillow's "L").

    Args:
        red: A number, or an array of one number a colour.
        green: Likewise.
        blue: Likewise.

    >>> luma(255, 255, 255)
    255.0
    """
    return 0.299 * red + 0.587 * green + 0.114 * blue
