"""The methods of a capture that show views and move the selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headscope.contract import ViewKind
from headscope.data.capture import Capture
from headscope.keywords import UNCHANGED, describes_options
from headscope.options import PLACE, PLACE_OPTIONS, options_of
from headscope.plain_errors import plain_errors, with_plain_errors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from headscope.export.figures.figure import Figure
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

OF_SELECTION = frozenset((*PLACE, "head"))
"""Names that people set on the capture itself, where they would move nothing."""


@with_plain_errors
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

    @describes_options(options_of("explorer"))
    def figure(
        self,
        view: ViewKind = "head",
        *,
        subplots: bool = False,
        columns: int | None = None,
        title: str | None = None,
        caption: str | None = None,
        width: float | str | None = None,
        font: str | None = None,
        font_size: float | str | None = None,
        dpi: float | None = 192,
        **options: Unpack[ExplorerKeywords],
    ) -> Figure:
        """Draw a view as a figure for a paper or a slide, without a browser: in a script, a loop or CI.

        Needs the extra `figures`: `pip install 'headscope[figures]'`. What is not passed has its default, whatever the
        capture's views show.

        Parameters
        ----------
        view
            `"head"` (default), `"model"`, `"matrix"`, `"neuron"`, `"text"` or `"explorer"`.
        subplots
            Whether each head has a panel of its own; False by default.
        columns
            The panels per row; by default, as many as fit.
        title
            Stands above the figure; by default, what it shows. `""` for none.
        caption
            Stands below the figure; by default, the pinned tokens and the reading aids. `""` for none.
        width
            The width in pixels, of which 96 are an inch, or with a unit: `"8.5cm"`, `"3.3in"`, `"246pt"`. By default,
            as wide as the picture is by itself. What needs more room is scaled down.
        font
            The font family of texts, which must be installed for PNG and PDF; tokens stay in a monospace font.
        font_size
            The size of tokens in pixels or with a unit, such as `"8pt"`; 13 pixels by default.
        dpi
            The pixels per inch of a PNG; 192 by default.

        Returns
        -------
        Figure
            `figure.save("x.pdf")` writes it, as do `.svg` and `.png`; a notebook shows it.

        Raises
        ------
        TypeError
            An option is unknown; the message names the most similar one.
        ValueError
            The capture does not have the map, layer, head or token, or an argument has an invalid value.
        """
        from headscope.export.figures.figure import capture_figure

        look = {"title": title, "caption": caption, "width": width, "font": font, "font_size": font_size}
        return capture_figure(self, view, options, subplots=subplots, dpi=dpi, columns=columns, **look)

    @property
    def selection(self) -> Selection:
        """The map, layer, heads and tokens of the views that follow this capture; assigning one moves them all."""
        from headscope.widgets.selection import selection_of

        return selection_of(self)

    @describes_options(PLACE_OPTIONS, left_out=UNCHANGED)
    def select(self, **place: Unpack[PlaceKeywords]) -> Selection:
        """Move all views that follow this capture in one step; omitted keywords change nothing.

        Views that were shown with a layer, heads or tokens of their own stay where they are.

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
        from headscope.widgets.store import store_of

        return select(store_of(self), place)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds, as for another process: not the widgets that show the capture."""
        return {name: value for name, value in self.__dict__.items() if name != "_store"}

    @plain_errors
    def __setattr__(self, name: str, value: Any) -> None:
        if name in OF_SELECTION:
            field, given = ("heads", [value]) if name == "head" else (name, value)
            raise AttributeError(
                f"a capture has no {name!r} to set: its selection has, as in capture.selection.{field} = {given!r} or "
                f"capture.select({name}={value!r})"
            )
        if name == "notes":
            raise AttributeError(
                "the notes of a capture are changed one by one, as in capture.notes[layer, head] = 'induction'; "
                "capture.notes.clear() removes all"
            )
        super().__setattr__(name, value)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return _show(self, "explorer", {})._repr_mimebundle_(**kwargs)


def _show(capture: Capture, kind: ViewKind, options: Mapping[str, object]) -> View:
    from headscope.widgets.views import show

    return show(capture, kind, options)
