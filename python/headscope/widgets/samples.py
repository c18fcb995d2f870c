"""An explorer with a menu of captures above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets  # type: ignore[import-untyped]

from headscope.export.snapshot.bundle import with_snapshot
from headscope.text.shortened import shortened
from headscope.widgets.settings import settings
from headscope.widgets.views import View, show

if TYPE_CHECKING:
    from headscope.data.capture import Capture

SHOWN = 20
"""The most captures that `repr` lists."""

LABEL_LENGTH = 80
"""The most characters of a label in the menu."""


class Samples(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A menu of captures, and the explorer of the chosen one.

    The kernel changes the explorer. A saved notebook shows the chosen one, and says which of the texts it is.

    Parameters
    ----------
    captures
        The captures.
    labels
        What the menu calls them.
    """

    def __init__(self, captures: Sequence[Capture], labels: Sequence[str]) -> None:
        self._captures, self._labels = tuple(captures), tuple(labels)
        self._views: dict[int, View] = {}
        choices = [(f"{number}: {shortened(label, LABEL_LENGTH)}", number) for number, label in enumerate(labels)]
        self.menu = ipywidgets.Dropdown(options=choices, value=0, description="Text", layout={"width": "auto"})
        super().__init__([self.menu, self.view_of(0)])
        self.menu.observe(self._choose, "value")

    def view_of(self, number: int) -> View:
        """Return the explorer of a capture; it is made when it is first shown."""
        if number not in self._views:
            view = show(self._captures[number], "explorer", {})
            label = shortened(self._labels[number], LABEL_LENGTH)
            view.sample = f"text {number + 1} of {len(self._captures)}: {label}"
            self._views[number] = view
        return self._views[number]

    def __repr__(self) -> str:
        lines = [label for label, _ in self.menu.options[:SHOWN]]
        more = [f"and {len(self._captures) - SHOWN} more"] if len(self._captures) > SHOWN else []
        return "\n".join([f"<{len(self._captures)} captures of {self._captures[0].name}>", *lines, *more])

    def _choose(self, change: Any) -> None:
        self.children = (self.menu, self.view_of(change["new"]))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = self.children[1]
        shown._pictures.displayed = True
        bundle = super()._repr_mimebundle_(**kwargs)  # data alone, without metadata
        return with_snapshot(shown, bundle and (bundle, {}), settings.snapshot_bytes)
