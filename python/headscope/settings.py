"""`headscope.settings`: what holds for every view of the session."""

from __future__ import annotations

from numbers import Integral
from weakref import WeakSet

from headscope.contract import SNAPSHOT_BYTES
from headscope.pyramid_cache import CACHE_BYTES, ByteCache


class Settings:
    """What holds for every view of the session."""

    def __init__(self) -> None:
        self._snapshot_bytes = SNAPSHOT_BYTES
        self._cache_bytes = CACHE_BYTES
        self._caches: WeakSet[ByteCache] = WeakSet()

    @property
    def snapshot_bytes(self) -> int:
        """How many bytes a view displayed from now on may add to a saved notebook, to be shown without its kernel.

        0 turns that off: notebooks stay as small as can be, and a view of a saved one is blank until its cell is run.
        """
        return self._snapshot_bytes

    @snapshot_bytes.setter
    def snapshot_bytes(self, value: int) -> None:
        self._snapshot_bytes = _checked_bytes("snapshot_bytes", value)

    @property
    def cache_bytes(self) -> int:
        """How many bytes of overviews and tiles the kernel keeps at most of each capture, 256 MiB unless set.

        What was used least recently goes first. Another limit holds at once, for captures that have views already too.
        """
        return self._cache_bytes

    @cache_bytes.setter
    def cache_bytes(self, value: int) -> None:
        self._cache_bytes = _checked_bytes("cache_bytes", value)
        for cache in tuple(self._caches):
            cache.max_bytes = self._cache_bytes

    def cache(self) -> ByteCache:
        """Return a new cache that keeps to the limit, whatever that will be."""
        cache = ByteCache(self._cache_bytes)
        self._caches.add(cache)
        return cache

    def __repr__(self) -> str:
        return f"Settings(snapshot_bytes={self.snapshot_bytes}, cache_bytes={self.cache_bytes})"


def _checked_bytes(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
        raise ValueError(f"{name} is {value!r}; it takes a number of bytes, 0 to keep none")
    return int(value)


settings = Settings()
