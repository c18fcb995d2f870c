"""The class `CaptureList`: captures of several texts, which a cell shows as one explorer with a menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from headscope.api.capture_class import Capture
from headscope.plain_errors import with_plain_errors
from headscope.text.counted import counted
from headscope.text.shortened import shortened

SHOWN = 20
"""The most captures that `repr` lists."""

LABEL_LENGTH = 80
"""The most characters of a label in a list or in the menu."""


@with_plain_errors
class CaptureList(Sequence[Capture]):
    """Captures of several texts, in their order. A cell shows it as the explorer with a menu of the texts.

    Parameters
    ----------
    captures
        The captures.
    labels
        What the menu calls them; by default their names and numbers.

    Raises
    ------
    ValueError
        There is no capture, or there is another number of labels.
    """

    def __init__(self, captures: Sequence[Capture], labels: Sequence[str] | None = None) -> None:
        self._captures = tuple(captures)
        if not self._captures:
            raise ValueError("a list of captures needs at least one.")
        names = [f"{capture.name} {number}" for number, capture in enumerate(self._captures)]
        self.labels: tuple[str, ...] = tuple(names if labels is None else labels)
        """What the menu calls the captures."""
        if len(self.labels) != len(self._captures):
            raise ValueError(f"there are {len(self.labels)} labels for {len(self._captures)} captures.")

    def __len__(self) -> int:
        return len(self._captures)

    @overload
    def __getitem__(self, index: int) -> Capture: ...
    @overload
    def __getitem__(self, index: slice) -> CaptureList: ...
    def __getitem__(self, index: int | slice) -> Capture | CaptureList:
        if isinstance(index, slice):
            return CaptureList(self._captures[index], self.labels[index])
        try:
            return self._captures[index]
        except IndexError:
            there = (
                f"there are {len(self)} captures, 0 to {len(self) - 1}" if len(self) > 1 else "0 is the only capture"
            )
            raise IndexError(f"captures[{index}] does not exist: {there}.") from None
        except TypeError:
            raise TypeError(
                f"captures[{index!r}] does not exist: captures are found by number, from 0 to {len(self) - 1}; "
                "captures.labels says which is which."
            ) from None

    def __getattr__(self, name: str) -> Any:
        one = self.__dict__.get("_captures", ())[:1]
        if name.startswith("_") or not any(hasattr(capture, name) for capture in one):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        call = "()" if callable(getattr(Capture, name, None)) else ""
        raise AttributeError(
            f"a list of captures has no {name}, but each of its {counted(len(self), 'capture')} has: "
            f"captures[0].{name}{call}.",
            name=name,
            obj=self,
        )

    def __repr__(self) -> str:
        lines = [f"{number}: {shortened(label, LABEL_LENGTH)}" for number, label in enumerate(self.labels[:SHOWN])]
        more = [f"and {len(self) - SHOWN} more"] if len(self) > SHOWN else []
        return "\n".join([f"<{counted(len(self), 'capture')} of {self._captures[0].name}>", *lines, *more])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if len(self) == 1:
            return self._captures[0]._repr_mimebundle_(**kwargs)
        from headscope.widgets.samples import Samples

        return Samples(self._captures, self.labels)._repr_mimebundle_(**kwargs)
