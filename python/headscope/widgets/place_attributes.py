"""The attributes of a view that read its place and move it: `view.layer`, `view.heads` and so on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from headscope.contract import PairFilter

if TYPE_CHECKING:
    from headscope.widgets.selection import Selection


class PlaceAttributes:
    """The fields of a view's selection as attributes of the view itself."""

    include_layers: list[int]

    @property
    def selection(self) -> Selection:
        """The map, layer, heads and tokens of the view."""
        raise NotImplementedError

    @property
    def map(self) -> str:
        """The name of the attention map on screen."""
        return self.selection.map

    @map.setter
    def map(self, name: str) -> None:
        self.selection.map = name

    @property
    def layer(self) -> int:
        """The zero-based layer on screen."""
        return self.selection.layer

    @layer.setter
    def layer(self, layer: int) -> None:
        if self.include_layers and layer not in self.include_layers:
            raise ValueError(f"layer {layer} is not among the layers that this view includes: {self.include_layers}")
        self.selection.layer = layer

    @property
    def heads(self) -> list[int]:
        """The zero-based heads on screen; assign None or `"all"` for all heads."""
        return self.selection.heads

    @heads.setter
    def heads(self, heads: Sequence[int] | Literal["all"] | None) -> None:
        self.selection.heads = heads

    @property
    def query(self) -> int | None:
        """The pinned query position; None if none is pinned."""
        return self.selection.query

    @query.setter
    def query(self, query: int | str | tuple[str, int] | None) -> None:
        self.selection.query = query

    @property
    def key(self) -> int | None:
        """The pinned key position; None if none is pinned."""
        return self.selection.key

    @key.setter
    def key(self, key: int | str | tuple[str, int] | None) -> None:
        self.selection.key = key

    @property
    def pair(self) -> PairFilter:
        """Which sentences of a pair are shown: `"all"`, or `"ab"` for queries of A and keys of B, and so on."""
        return self.selection.pair

    @pair.setter
    def pair(self, pair: PairFilter) -> None:
        self.selection.pair = pair
