"""Views side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headscope.contract import ViewKind
from headscope.keywords import describes_options
from headscope.options import options_of
from headscope.plain_errors import plain_errors

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from headscope.api.capture_class import Capture
    from headscope.view_keywords import ExplorerKeywords
    from headscope.widgets.compare import Comparison
    from headscope.widgets.views import View


@describes_options(options_of("explorer"))
@plain_errors
def compare(*shown: View | Capture, view: ViewKind = "head", **options: Unpack[ExplorerKeywords]) -> Comparison:
    """Show views or captures side by side; they are saved and exported as one.

    Parameters
    ----------
    *shown
        Two or more. A view stands as it is; of a capture a new view is opened.
    view
        What is opened of captures: `"head"` (default), `"model"`, `"matrix"`, `"neuron"`, `"text"` or `"explorer"`.

    Returns
    -------
    Comparison
        The views as one widget. `.save("x.pdf")` writes them as one figure, `.save("x.html")` as one page.

    Raises
    ------
    TypeError
        Something is neither a view nor a capture, or an option is unknown.
    ValueError
        There are fewer than two, or an option has an invalid value.
    """
    from headscope.widgets.compare import compare_views

    return compare_views(shown, view, options)
