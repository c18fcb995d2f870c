"""Take capture files apart, change them, and put them together again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import headscope as hs

GOLDEN = Path(__file__).parents[1] / "golden"


@dataclass
class TakenApart:
    """The parts of a file, which tests may change."""

    header: dict[str, Any]
    description: dict[str, Any]
    data: bytes

    @classmethod
    def of(cls, path: Path) -> TakenApart:
        raw = path.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        header = json.loads(raw[8 : 8 + length])
        return cls(header, json.loads(header["__metadata__"]["capture"]), raw[8 + length :])

    @property
    def record(self) -> dict[str, Any]:
        """The description of the first layer."""
        record: dict[str, Any] = self.description["maps"][0]["records"][0]
        return record

    def entry(self, name: str) -> dict[str, Any]:
        """Return the header's entry of a tensor of the first layer."""
        entry: dict[str, Any] = self.header[self.record[name]]
        return entry

    def together(self) -> bytes:
        self.header["__metadata__"]["capture"] = json.dumps(self.description)
        text = json.dumps(self.header).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text + self.data


@pytest.fixture(scope="session")
def take_apart() -> Callable[[str], TakenApart]:
    """Return a function that takes the golden file of a name apart."""
    return lambda name: TakenApart.of(GOLDEN / f"{name}.attn.safetensors")


def _equal(one: Any, other: Any) -> None:
    """Fail unless two captures are equal in everything that they offer."""
    assert (one.name, list(one.maps), one.generation) == (other.name, list(other.maps), other.generation)
    assert one.report() == other.report()
    assert (one.logits is None) == (other.logits is None)
    if one.logits is not None:
        assert one.logits.tokens == other.logits.tokens
        np.testing.assert_array_equal(one.logits.ids, other.logits.ids)
        np.testing.assert_array_equal(one.logits.probabilities, other.logits.probabilities)
    for name, map_ in one.maps.items():
        again = other.maps[name]
        assert map_.info() == again.info()
        assert (map_.layers, map_.query_grid, map_.key_grid) == (again.layers, again.query_grid, again.key_grid)
        for layer in map_.layers:
            _equal_layers(one, other, name, layer)


def _equal_layers(one: hs.Capture, other: hs.Capture, map_: str, layer: int) -> None:
    has_vectors = not one.maps[map_].info()["no_vectors"][layer]
    scores = np.abs(one.scores(layer, map=map_)) if has_vectors else np.zeros(1)
    # Saving computes overviews in batches of other sizes than `weights`, so scores differ by some rounding steps, and
    # weights differ in proportion.
    apart = 2e-6 + 4 * np.finfo(np.float32).eps * np.max(scores, initial=0, where=np.isfinite(scores))
    np.testing.assert_allclose(one.weights(layer, map=map_), other.weights(layer, map=map_), rtol=apart, atol=apart)
    if has_vectors:
        for part in ("queries", "keys", "scores"):
            found = getattr(other, part)(layer, map=map_)
            np.testing.assert_array_equal(getattr(one, part)(layer, map=map_), found)


@pytest.fixture(scope="session")
def assert_equal() -> Callable[[Any, Any], None]:
    """Return a function that asserts that two captures are equal."""
    return _equal
