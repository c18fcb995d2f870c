"""Encode and decode blocks of weights; `headscope.contract` defines their format."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from headscope.contract import MAGIC, BlockHeader, BlockKind, Dtype
from headscope.wire import decimal16

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIGNMENT = 8
PREFIX = struct.Struct("<4sI")
FLOAT16_MAX = np.float32(65504)
ROUNDING = 1e-6
SQRT8_ONE = 254
SQRT8_MISSING = 255
PACKING = 1
"""The level of zlib; higher levels take longer and save little, because few codes repeat."""

NUMPY_DTYPES: dict[Dtype, str] = {"decimal16": "<u2", "float16": "<f2", "sqrt8": "<u1"}


def encode_block(
    values: NDArray[np.float32],
    *,
    map: str,
    layer: int,
    heads: Sequence[int],
    kind: BlockKind | Literal["tile", "excerpt"] = "block",
    queries: tuple[int, int] | None = None,
    keys: tuple[int, int] | None = None,
    dtype: Dtype | None = None,
    are_bounds: bool = False,
    pack: bool = False,
    more: Mapping[str, Any] | None = None,
) -> bytes:
    """Return one encoded block.

    Parameters
    ----------
    values
        Weights, shape (heads, queries, keys); NaN and infinity mean missing.
    map, layer, heads
        The map, layer and heads of the weights.
    kind
        `"block"` (default) for single weights, or `"overview"`, `"tile"` or `"excerpt"`.
    queries, keys
        Half-open ranges of positions that the values cover; by default from 0 to the size of the axis.
    dtype
        The encoding, by default `decimal16`. If a value is not between 0 and 1, `float16` is used in any case, because
        no other encoding has codes for it.
    are_bounds
        Whether values, except the largest, may be rounded up to fewer digits with `decimal16.rounded_up`; False by
        default.
    pack
        Whether to compress the payload if that makes it smaller, and say so in the header; False by default.
    more
        Further fields of the header.
    """
    missing = ~np.isfinite(values)
    if not _are_weights(values):
        dtype = "float16"
    dtype = dtype or "decimal16"
    header: dict[str, Any] = {
        "kind": kind,
        "map": map,
        "layer": int(layer),
        "heads": [int(head) for head in heads],
        "queries": list(queries or (0, values.shape[1])),
        "keys": list(keys or (0, values.shape[2])),
        "shape": list(values.shape),
        "dtype": dtype,
        "missing": int(np.count_nonzero(missing)),
        **(more or {}),
    }
    codes = _codes(values, missing, dtype)
    if are_bounds and dtype == "decimal16":
        codes = decimal16.rounded_up(codes)
    payload = codes.tobytes()
    if pack:
        packed = _packed(codes)
        header["packed"] = len(packed) if len(packed) < len(payload) else 0
        payload = packed if header["packed"] else payload
    return frame(header, payload)


def frame(header: Mapping[str, Any], payload: bytes) -> bytes:
    """Return a header and a payload in the frame that `headscope.contract` defines."""
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return PREFIX.pack(MAGIC, len(text)) + text + payload + b"\0" * (-len(payload) % ALIGNMENT)


def _are_weights(values: NDArray[np.float32]) -> bool:
    """Return whether all values that are not missing lie between 0 and 1, up to the rounding of a softmax."""
    low, high = np.fmin.reduce(values, axis=None, initial=0.0), np.fmax.reduce(values, axis=None, initial=0.0)
    return bool(low >= 0 and high <= 1 + ROUNDING)


def _codes(values: NDArray[np.float32], missing: NDArray[np.bool_], dtype: Dtype) -> NDArray[Any]:
    if dtype == "decimal16":
        return decimal16.encode(values)
    if dtype == "float16":
        return np.where(missing, np.float32(np.nan), np.clip(values, -FLOAT16_MAX, FLOAT16_MAX)).astype("<f2")
    return root_codes(values)


def root_codes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return weights between 0 and 1 as the bytes of `sqrt8`, in the same shape; NaN and infinity mean missing."""
    missing = ~np.isfinite(values)
    roots = np.sqrt(np.clip(np.where(missing, 0, values), 0, 1))
    return np.where(missing, SQRT8_MISSING, np.rint(roots * SQRT8_ONE)).astype("<u1")


def decode_blocks(buffer: bytes | memoryview) -> Iterator[tuple[BlockHeader, NDArray[np.float32]]]:
    """Yield the header and the weights, shape (heads, queries, keys), of each block in `buffer`.

    Raises
    ------
    ValueError
        The buffer does not hold whole blocks.
    """
    for header, codes in read_frames(buffer, NUMPY_DTYPES):
        yield cast("BlockHeader", header), _weights(codes, header["dtype"])


def read_frames(buffer: bytes | memoryview, dtypes: Mapping[Any, str]) -> Iterator[tuple[Any, NDArray[Any]]]:
    """Yield the header and the codes of each frame in `buffer`, in the shape that the header gives.

    Parameters
    ----------
    buffer
        Whole frames, concatenated.
    dtypes
        The NumPy type for each encoding that a header may name.

    Raises
    ------
    ValueError
        The buffer does not hold whole frames.
    """
    offset = 0
    while offset < len(buffer):
        header, start = _header(buffer, offset)
        dtype, shape = np.dtype(dtypes[header["dtype"]]), tuple(header["shape"])
        size = int(np.prod(shape)) * dtype.itemsize
        taken = header.get("packed") or size
        if start + taken > len(buffer):
            raise ValueError(f"the block at byte {offset} needs {taken} bytes, but {len(buffer) - start} are left")
        payload = buffer[start : start + taken]
        yield (
            header,
            (_unpacked(payload, dtype, size) if header.get("packed") else np.frombuffer(payload, dtype)).reshape(shape),
        )
        offset = start + taken + -taken % ALIGNMENT


def _packed(codes: NDArray[Any]) -> bytes:
    """Return codes compressed by zlib, all low bytes before all high bytes, which repeat far more often."""
    return zlib.compress(codes.reshape(-1, 1).view(np.uint8).T.tobytes(), PACKING)


def _unpacked(packed: bytes | memoryview, dtype: np.dtype[Any], size: int) -> NDArray[Any]:
    """Return `size` bytes of codes from a compressed payload; raise ValueError if it is damaged or shorter."""
    try:
        payload = zlib.decompressobj().decompress(packed, size)  # a damaged payload can't expand beyond its size
    except zlib.error as error:
        raise ValueError(f"a packed block can't be read: {error}") from None
    if len(payload) != size:
        raise ValueError(f"a packed block has {len(payload)} bytes, but its shape needs {size}")
    return np.ascontiguousarray(np.frombuffer(payload, np.uint8).reshape(dtype.itemsize, -1).T).view(dtype)


def _header(buffer: bytes | memoryview, offset: int) -> tuple[Any, int]:
    if offset + PREFIX.size > len(buffer):
        raise ValueError(f"{len(buffer) - offset} bytes are left at byte {offset}: too few for a block")
    magic, length = PREFIX.unpack_from(buffer, offset)
    start = offset + PREFIX.size + length
    if magic != MAGIC or start > len(buffer):
        raise ValueError(f"there is no whole block at byte {offset}")
    return json.loads(bytes(buffer[offset + PREFIX.size : start])), start


def _weights(codes: NDArray[Any], dtype: Dtype) -> NDArray[np.float32]:
    if dtype == "decimal16":
        return decimal16.decode(codes)
    if dtype == "float16":
        return codes.astype(np.float32)
    weights = np.square(codes.astype(np.float32) / SQRT8_ONE)
    return np.where(codes == SQRT8_MISSING, np.float32(np.nan), weights)
