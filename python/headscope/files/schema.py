"""Constants and types that the writer and the reader of the format share."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

ENDING: Final = ".attn.safetensors"
FORMAT: Final = "headscope"
VERSION: Final = 1
"""The format version; it increases when an older reader could misread a newer file."""

METADATA: Final = "__metadata__"
"""The header's key for text rather than a tensor."""

MAX_HEADER_BYTES: Final = 100_000_000
"""The longest header, in bytes; the safetensors library has the same limit."""

ALIGNMENT: Final = 8
"""Every tensor begins at a multiple of this many bytes in the file."""

MAX_POSITIONS: Final = (1 << 31) - 1
"""The longest axis: positions are stored as I32."""

Dtype: TypeAlias = Literal["F32", "F16", "BF16", "I32", "U8"]

FLOATS: tuple[Dtype, ...] = ("F32", "F16", "BF16")

NUMPY_TYPES: dict[Dtype, str] = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "I32": "<i4", "U8": "|u1"}
"""The NumPy type for each type of the file. NumPy has no bfloat16; its bits are kept as uint16."""
