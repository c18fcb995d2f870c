"""The protocols through which exports and snapshots read a view widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from headscope.contract import MapDescription, ViewKind
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture


class ShownStore(Protocol):
    """What all views of one capture share."""

    @property
    def capture(self) -> Capture:
        """The capture."""

    @property
    def name(self) -> str:
        """The name of the capture."""

    @property
    def maps(self) -> list[MapDescription]:
        """The description of every attention map, as the pages receive it."""

    @property
    def overview(self) -> bytes:
        """The encoded overviews of the map that the capture has selected; empty until a view asks for them."""


class ShownView(Protocol):
    """A view widget, as far as exports and snapshots use it."""

    @property
    def view(self) -> ViewKind:
        """The kind of the view."""

    @property
    def store(self) -> ShownStore:
        """The store that it shares with the other views of the capture."""

    @property
    def sample(self) -> str:
        """Which of several texts it shows; empty if there is one."""

    @property
    def shown_name(self) -> str:
        """The name of the capture, with the sample."""

    @property
    def map(self) -> str:
        """The name of the attention map on screen."""

    @property
    def shown_map(self) -> AttentionMap:
        """The attention map on screen."""

    @property
    def layer(self) -> int:
        """The zero-based layer on screen."""

    @property
    def heads(self) -> list[int]:
        """The zero-based heads on screen."""

    @property
    def query(self) -> int | None:
        """The zero-based pinned query position; None if none is pinned."""

    @property
    def key(self) -> int | None:
        """The zero-based pinned key position; None if none is pinned."""

    @property
    def pair(self) -> str:
        """Which sentences of a pair are shown."""

    def place(self) -> dict[str, Any]:
        """Return what the view shows, as fields of a selection by name; `heads` is None for all heads."""

    @property
    def tab(self) -> str:
        """The explorer's open tab."""

    @property
    def detail(self) -> bool:
        """Whether a head is open beside the model view's grid."""

    @property
    def combine(self) -> str:
        """How several heads are combined."""

    @property
    def scale(self) -> str:
        """How weights become colours and strengths of lines."""

    @property
    def gain(self) -> float | None:
        """How strong lines are; None for relative to the strongest."""

    @property
    def sink_share(self) -> float:
        """The share of the attention above which a key is a sink."""

    @property
    def include_heads(self) -> Sequence[int] | None:
        """The zero-based heads of the grid; None for all."""

    @property
    def include_layers(self) -> Sequence[int]:
        """The zero-based layers that can be selected; empty for all."""

    def has_trait(self, name: str, /) -> bool:
        """Return whether the view has an option."""

    def trait_defaults(self, name: str, /) -> Any:
        """Return the default of an option."""
