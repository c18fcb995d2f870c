"""`headscope.settings`: limits that apply to every view of the session."""

from __future__ import annotations

from numbers import Integral
from weakref import WeakSet

from headscope.attributes import KnownAttributes
from headscope.contract import SNAPSHOT_BYTES
from headscope.option_kinds import check_switch
from headscope.plain_errors import Tracebacks, with_plain_errors
from headscope.wire.lru import CACHE_BYTES, ByteLru


@with_plain_errors
class Settings(KnownAttributes):
    """The limits that apply to every view of the session."""

    def __init__(self) -> None:
        self._snapshot_bytes = SNAPSHOT_BYTES
        self._cache_bytes = CACHE_BYTES
        self._caches: WeakSet[ByteLru] = WeakSet()

    @property
    def snapshot_bytes(self) -> int:
        """The most bytes that a view adds to a saved notebook, to be shown there without a kernel; by default 1 MB.

        It applies to views displayed from now on. 0 adds nothing: notebooks stay small, but their views are blank until
        the cells are run.
        """
        return self._snapshot_bytes

    @snapshot_bytes.setter
    def snapshot_bytes(self, value: int) -> None:
        self._snapshot_bytes = _checked_bytes("snapshot_bytes", value)

    @property
    def cache_bytes(self) -> int:
        """The most bytes of overviews and tiles that the kernel caches per capture; by default 256 MiB.

        The least recently used entries are evicted first. A new limit takes effect at once, also for existing captures.
        """
        return self._cache_bytes

    @cache_bytes.setter
    def cache_bytes(self, value: int) -> None:
        self._cache_bytes = _checked_bytes("cache_bytes", value)
        for cache in tuple(self._caches):
            cache.max_bytes = self._cache_bytes

    @property
    def full_tracebacks(self) -> bool:
        """Whether an error about what you passed shows Headscope's own lines too; False by default."""
        return Tracebacks.full

    @full_tracebacks.setter
    def full_tracebacks(self, value: bool) -> None:
        Tracebacks.full = check_switch("full_tracebacks", value)

    def cache(self) -> ByteLru:
        """Return a new cache that follows the limit, also when it changes."""
        cache = ByteLru(self._cache_bytes)
        self._caches.add(cache)
        return cache

    def _kind(self) -> str:
        return "hs.settings"

    def __repr__(self) -> str:
        return f"Settings(snapshot_bytes={self.snapshot_bytes}, cache_bytes={self.cache_bytes})"


def _checked_bytes(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
        raise ValueError(f"{name} is {value!r}; it takes a number of bytes, 0 to keep none")
    return int(value)


settings = Settings()
