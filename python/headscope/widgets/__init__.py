"""The widgets: one Store a capture, and the views that draw from it."""

from __future__ import annotations

from headscope.widgets.selection import Selection, selection_of
from headscope.widgets.store import Store, store_of
from headscope.widgets.views import View, default_view, head_view, model_view

__all__ = ["Selection", "Store", "View", "default_view", "head_view", "model_view", "selection_of", "store_of"]
