"""The methods of a capture that show views and move the selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headscope.contract import ViewKind
from headscope.data.capture import Capture
from headscope.keywords import UNCHANGED, describes_options
from headscope.options import PLACE_OPTIONS, options_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from headscope.view_keywords import (
        ExplorerKeywords,
        HeadKeywords,
        MatrixKeywords,
        ModelKeywords,
        NeuronKeywords,
        PlaceKeywords,
        TextKeywords,
    )
    from headscope.widgets.selection import Selection
    from headscope.widgets.views import View


class CaptureViews(Capture):
    """A capture that can show itself. Its methods import widgets on call, so that `import headscope` stays light."""

    @describes_options(options_of("head"))
    def head_view(self, **options: Unpack[HeadKeywords]) -> View:
        """Show lines from queries to keys, with a colour for each head.

        Returns
        -------
        View
            A widget with these options as attributes.

        Raises
        ------
        TypeError
            An option is unknown; the message names the most similar one.
        ValueError
            The capture does not have the map, layer, head or token, or an option has an invalid value.
        """
        return _show(self, "head", options)

    @describes_options(options_of("model"))
    def model_view(self, **options: Unpack[ModelKeywords]) -> View:
        """Show every head of every layer as a thumbnail; a click opens a head in detail.

        Returns
        -------
        View
            A widget with these options as attributes.

        Raises
        ------
        TypeError
            An option is unknown; the message names the most similar one.
        ValueError
            The capture does not have the map, layer, head or token, or an option has an invalid value.
        """
        return _show(self, "model", options)

    @describes_options(options_of("matrix"))
    def matrix_view(self, **options: Unpack[MatrixKeywords]) -> View:
        """Show heads as heat maps, queries down and keys across.

        Returns
        -------
        View
            A widget with these options as attributes.

        Raises
        ------
        TypeError
            An option is unknown; the message names the most similar one.
        ValueError
            The capture does not have the map, layer, head or token, or an option has an invalid value.
        """
        return _show(self, "matrix", options)

    @describes_options(options_of("neuron"))
    def neuron_view(self, **options: Unpack[NeuronKeywords]) -> View:
        """Show how one head's weights are computed from its queries and keys, number by number.

        Returns
        -------
        View
            A widget with these options as attributes.

        Raises
        ------
        TypeError
            An option is unknown; the message names the most similar one.
        ValueError
            The capture does not have the map, layer, head or token, or an option has an invalid value.
        """
        return _show(self, "neuron", options)

    @describes_options(options_of("text"))
    def text_view(self, **options: Unpack[TextKeywords]) -> View:
        """Show the input as running text, shaded by the attention of the pinned token.

        Returns
        -------
        View
            A widget with these options as attributes.

        Raises
        ------
        TypeError
            An option is unknown; the message names the most similar one.
        ValueError
            The capture does not have the map, layer, head or token, or an option has an invalid value.
        """
        return _show(self, "text", options)

    @describes_options(options_of("explorer"))
    def explorer(self, **options: Unpack[ExplorerKeywords]) -> View:
        """Show every head in a grid, and beside it another view of the layer and heads selected there.

        Returns
        -------
        View
            A widget with these options as attributes.

        Raises
        ------
        TypeError
            An option is unknown; the message names the most similar one.
        ValueError
            The capture does not have the map, layer, head or token, or an option has an invalid value.
        """
        return _show(self, "explorer", options)

    @property
    def selection(self) -> Selection:
        """The map, layer, heads and tokens that all views of this capture share; assigning one moves every view."""
        from headscope.widgets.selection import selection_of

        return selection_of(self)

    @describes_options(PLACE_OPTIONS, left_out=UNCHANGED)
    def select(self, **place: Unpack[PlaceKeywords]) -> Selection:
        """Move all views of this capture in one step; omitted keywords change nothing.

        A token can be given by its position or by its text. `"cat"` is the first token with this text, ignoring
        surrounding spaces; or else the first word of several tokens with this text; or else the first token or word
        that begins with it. `("cat", 1)` is the second one.

        Returns
        -------
        Selection
            `self.selection`.

        Raises
        ------
        ValueError
            This capture does not have the map, layer, head, token or sentence; then nothing moves. The message about a
            token lists similar tokens with their positions.
        TypeError
            A keyword is unknown.
        """
        from headscope.widgets.selection import select

        return select(self, place)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return _show(self, "explorer", {})._repr_mimebundle_(**kwargs)


def _show(capture: Capture, kind: ViewKind, options: Mapping[str, object]) -> View:
    from headscope.widgets.views import show

    return show(capture, kind, options)
