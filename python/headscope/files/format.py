"""What writer and reader of the format have in common."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

ENDING: Final = ".attn.safetensors"
FORMAT: Final = "headscope"
VERSION: Final = 1
"""Raised whenever an older reader could misread a newer file."""

METADATA: Final = "__metadata__"
"""Where a header holds text rather than a tensor."""

MOST_HEADER_BYTES: Final = 100_000_000
"""As the safetensors library has it: a longer header is refused."""

ALIGNMENT: Final = 8
"""Every tensor begins at a multiple of this many bytes of the file."""

MOST_POSITIONS: Final = (1 << 31) - 1
"""No axis is longer: positions are written as I32."""

Dtype: TypeAlias = Literal["F32", "F16", "BF16", "I32", "U8"]

FLOATS: tuple[Dtype, ...] = ("F32", "F16", "BF16")

NUMPY_TYPES: dict[Dtype, str] = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "I32": "<i4", "U8": "|u1"}
"""How NumPy names what each type holds; it has no bfloat16, whose bits are kept instead."""
