"""A cache that never holds more than its limit: what was used least recently goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

CACHE_BYTES = 256 * 1024 * 1024
"""What a kernel keeps of tiles and overviews of one capture, unless told otherwise."""


class ByteCache:
    """Bytes by key, from any thread.

    Parameters
    ----------
    max_bytes
        How many bytes it holds at most; 0 keeps nothing.

    Raises
    ------
    ValueError
        `max_bytes` under 0.
    """

    def __init__(self, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._nbytes = 0
        self.max_bytes = max_bytes

    @property
    def nbytes(self) -> int:
        """How many bytes it holds now."""
        return self._nbytes

    @property
    def max_bytes(self) -> int:
        """How many bytes it holds at most; a lower limit holds at once."""
        return self._max_bytes

    @max_bytes.setter
    def max_bytes(self, value: int) -> None:
        if value < 0:
            raise ValueError(f"max_bytes is {value}; it takes a number of bytes, 0 to keep none.")
        with self._lock:
            self._max_bytes = value
            self._shrink(0)

    def get(self, key: Hashable) -> bytes | None:
        """Return what is kept under a key, which counts as a use; None where nothing is."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: Hashable, value: bytes) -> None:
        """Keep bytes, and let go of others for them; what is larger than the limit is not kept."""
        with self._lock:
            self._nbytes -= len(self._kept.pop(key, b""))
            if len(value) <= self._max_bytes:
                self._shrink(len(value))
                self._kept[key] = value
                self._nbytes += len(value)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._kept.clear()
            self._nbytes = 0

    def _shrink(self, needed: int) -> None:
        while self._kept and self._nbytes + needed > self._max_bytes:
            self._nbytes -= len(self._kept.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._kept)
