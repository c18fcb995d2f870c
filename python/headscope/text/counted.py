"""Numbers with the noun that they count: "1 layer", "2 layers"."""

from __future__ import annotations

from collections.abc import Sequence


def counted(numbers: int | Sequence[int], one: str, many: str = "", *, to: str = " to ") -> str:
    """Return a number with its noun, in the singular for 1.

    Parameters
    ----------
    numbers
        The number; or several, of which the least and the greatest are named.
    one
        The noun in the singular, such as `"layer"`.
    many
        Its plural; by default with an "s".
    to
        What stands between the least and the greatest number.
    """
    several = [numbers] if isinstance(numbers, int) else sorted(set(numbers))
    span = to.join(map(str, dict.fromkeys((several[0], several[-1]))))
    return f"{span} {one if several == [1] else many or one + 's'}"
