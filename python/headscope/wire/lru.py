"""A cache of bytes with a size limit, which evicts the least recently used entries first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

CACHE_BYTES = 256 * 1024 * 1024
"""The default limit for the tiles and overviews of one capture."""


class ByteLru:
    """An LRU cache with a limit in bytes. All methods are thread-safe.

    Parameters
    ----------
    max_bytes
        The most bytes that it holds; 0 stores nothing.

    Raises
    ------
    ValueError
        `max_bytes` is negative.
    """

    def __init__(self, max_bytes: int) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, bytes] = OrderedDict()
        self._nbytes = 0
        self.max_bytes = max_bytes

    @property
    def nbytes(self) -> int:
        """The bytes that it holds now."""
        return self._nbytes

    @property
    def max_bytes(self) -> int:
        """The most bytes that it holds; a lower limit takes effect at once."""
        return self._max_bytes

    @max_bytes.setter
    def max_bytes(self, value: int) -> None:
        if value < 0:
            raise ValueError(f"max_bytes is {value}; it takes a number of bytes, 0 to keep none.")
        with self._lock:
            self._max_bytes = value
            self._evict(0)

    def get(self, key: Hashable) -> bytes | None:
        """Return the entry of a key and count it as used; None if there is no entry."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key]

    def put(self, key: Hashable, value: bytes) -> None:
        """Store bytes, evicting other entries if necessary; bytes larger than the limit are not stored."""
        with self._lock:
            self._nbytes -= len(self._entries.pop(key, b""))
            if len(value) <= self._max_bytes:
                self._evict(len(value))
                self._entries[key] = value
                self._nbytes += len(value)

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()
            self._nbytes = 0

    def _evict(self, needed: int) -> None:
        while self._entries and self._nbytes + needed > self._max_bytes:
            self._nbytes -= len(self._entries.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._entries)
