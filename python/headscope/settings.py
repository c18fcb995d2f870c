"""`headscope.settings`: what holds for every view of the session."""

from __future__ import annotations

from numbers import Integral

from headscope.contract import SNAPSHOT_BYTES


class Settings:
    """What holds for every view that is displayed from now on."""

    def __init__(self) -> None:
        self._snapshot_bytes = SNAPSHOT_BYTES

    @property
    def snapshot_bytes(self) -> int:
        """How many bytes a view may add to a saved notebook, so that it can be shown without its kernel.

        0 turns that off: notebooks stay as small as can be, and a view of a saved one is blank until its cell is run.
        """
        return self._snapshot_bytes

    @snapshot_bytes.setter
    def snapshot_bytes(self, value: int) -> None:
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
            raise ValueError(f"snapshot_bytes is {value!r}; it takes a number of bytes, 0 to keep none")
        self._snapshot_bytes = int(value)

    def __repr__(self) -> str:
        return f"Settings(snapshot_bytes={self.snapshot_bytes})"


settings = Settings()
