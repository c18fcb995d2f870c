"""`hs.settings`: limits that apply to every view of the session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import headscope as hs
from headscope.data.steps import finish
from headscope.widgets.settings import Settings
from headscope.widgets.store import store_of


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = hs.settings.snapshot_bytes, hs.settings.cache_bytes
    yield
    hs.settings.snapshot_bytes, hs.settings.cache_bytes = before


@pytest.mark.parametrize("name", ["snapshot_bytes", "cache_bytes"])
@pytest.mark.parametrize("value", [-1, 1.5, "1 MB", True, None])
def test_a_limit_is_a_number_of_bytes(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} is .*; it takes a number of bytes"):
        setattr(hs.settings, name, value)


def test_the_settings_show_their_values() -> None:
    settings = Settings()
    settings.cache_bytes = np.int64(5)  # type: ignore[assignment]
    assert repr(settings) == "Settings(snapshot_bytes=1000000, cache_bytes=5)"


def test_a_new_cache_limit_applies_to_existing_captures() -> None:
    weights = np.full((1, 300, 300), 1 / 300, dtype=np.float32)
    capture = hs.from_attentions([weights], [str(n) for n in range(300)])
    store = store_of(capture)
    finish(store._tile_cache.overview(capture.maps["self"], 0, 0))
    assert store.cached_nbytes > 0
    hs.settings.cache_bytes = 0
    assert (store.cache_bytes, store.cached_nbytes) == (0, 0)
    assert store_of(hs.from_attentions([weights], [str(n) for n in range(300)])).cache_bytes == 0
