"""BertViz's `html_action`: display a live view, or return a page."""

from __future__ import annotations

import re
from typing import Any

from IPython.display import HTML, display

from headscope.api import Capture
from headscope.contract import ViewKind
from headscope.export.html import standalone_html
from headscope.widgets.views import show


def act(capture: Capture, view: ViewKind, html_action: str, options: dict[str, Any]) -> HTML | None:
    """Return a standalone page if `html_action` is `"return"`; otherwise display a live view and return None.

    Parameters
    ----------
    capture, view, options
        What the view shows, its kind, and its options.
    html_action
        `"view"` or `"return"`.

    Raises
    ------
    ValueError
        An option has a value that this capture does not have.
    IndexError
        A layer or head to include is out of range.
    """
    try:
        if html_action == "return":
            return HTML(standalone_html(capture, view, **options))  # type: ignore[no-untyped-call]  # IPython's are
        shown = show(capture, view, options)
    except ValueError as error:
        if re.match(r"include_\w+ \S+ is out of range", str(error)):
            raise IndexError(str(error)) from None
        raise
    display(shown)  # type: ignore[no-untyped-call]
    return None
