"""What users call: the class `Capture`, and the functions that make, open and link captures.

Only `headscope` and `headscope.bertviz` import this package.
"""

from __future__ import annotations

from headscope.api.batches import capture_batch
from headscope.api.capture_class import Capture
from headscope.api.capture_list import CaptureList
from headscope.api.capturing import capture, capture_generation
from headscope.api.comparing import compare
from headscope.api.given import from_arrays, from_attentions, from_cache
from headscope.api.opening import load
from headscope.data.attention_map import AttentionMap
from headscope.data.layers import Record
from headscope.widgets.link_captures import link

__all__ = [
    "AttentionMap",
    "Capture",
    "CaptureList",
    "Record",
    "capture",
    "capture_batch",
    "capture_generation",
    "compare",
    "from_arrays",
    "from_attentions",
    "from_cache",
    "link",
    "load",
]
