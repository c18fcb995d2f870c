"""The widgets: one Store a capture, and the views that draw from it."""

from __future__ import annotations

from headscope.widgets.selection import Selection, SelectionChange, select, selection_of
from headscope.widgets.store import Store, store_of
from headscope.widgets.views import (
    View,
    default_view,
    explorer,
    head_view,
    matrix_view,
    model_view,
    neuron_view,
    text_view,
)

__all__ = [
    "Selection",
    "SelectionChange",
    "Store",
    "View",
    "default_view",
    "explorer",
    "head_view",
    "matrix_view",
    "model_view",
    "neuron_view",
    "select",
    "selection_of",
    "store_of",
    "text_view",
]
