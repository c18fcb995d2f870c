"""Padding that the key masks of torch's own modules hide is left out of the maps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import headscope as hs

X, M = torch.randn(2, 5, 16), torch.randn(2, 5, 16)
MASK = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]).bool()
ADDED = torch.zeros(2, 5).masked_fill(MASK, -torch.inf)


def _encoder() -> nn.Module:
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2).eval()


def _decoder() -> nn.Module:
    return nn.TransformerDecoderLayer(16, 4, 32, batch_first=True).eval()


def _attention() -> nn.Module:
    return nn.MultiheadAttention(16, 4, batch_first=True).eval()


def _both() -> nn.Module:
    return nn.Transformer(16, 4, 1, 1, 32, batch_first=True).eval()


MODULES: dict[str, Any] = {
    "encoder": (_encoder, {"src": X}, "src_key_padding_mask", "self", (3, 3)),
    "attention": (_attention, {"query": X, "key": X, "value": X}, "key_padding_mask", "self", (3, 3)),
    "across": (_attention, {"query": X, "key": M, "value": M}, "key_padding_mask", "cross", (5, 3)),
    "decoder": (_decoder, {"tgt": X, "memory": M}, "tgt_key_padding_mask", "decoder", (3, 3)),
    "memory": (_decoder, {"tgt": X, "memory": M}, "memory_key_padding_mask", "cross", (5, 3)),
    "source": (_both, {"src": X, "tgt": M}, "src_key_padding_mask", "encoder", (3, 3)),
    "memory of both": (_both, {"src": X, "tgt": M}, "memory_key_padding_mask", "cross", (5, 3)),
}


@pytest.mark.parametrize("mask", [MASK, ADDED], ids=["bool", "float"])
@pytest.mark.parametrize("case", MODULES)
def test_padding_is_left_out(case: str, mask: Tensor) -> None:
    build, given, name, of_mask, size = MODULES[case]
    model, inputs = build(), {**given, name: mask}
    short = hs.capture(model, inputs=inputs, batch_index=0).maps[of_mask]
    full = hs.capture(model, inputs=inputs, batch_index=0, keep_padding=True).maps[of_mask]
    assert (len(short.query_tokens), len(short.key_tokens)) == size
    shown, whole = (_weights(map_.records[0]) for map_ in (short, full))
    np.testing.assert_allclose(shown, whole[:, : size[0], :3], atol=1e-6)
    np.testing.assert_allclose(shown.sum(-1), 1, atol=1e-6)
    assert _weights(hs.capture(model, inputs=inputs, batch_index=1).maps[of_mask].records[0]).shape == (4, 5, 5)


def _weights(record: Any) -> Any:
    return record.weights(range(4), slice(0, record.num_queries), slice(0, record.num_keys))


def test_one_position_of_one_text() -> None:
    model, one = nn.MultiheadAttention(16, 4).eval(), torch.tensor([True, False, False, False, True])
    found = hs.capture(model, inputs={"query": X[0], "key": X[0], "value": X[0], "key_padding_mask": one})
    assert list(found.maps["self"].query_tokens) == ["1", "2", "3"]


@pytest.mark.parametrize("names", [list("abcde"), list("bcd")])
def test_names_with_and_without_those_of_padding(names: list[str]) -> None:
    mask = torch.tensor([[1, 0, 0, 0, 1]]).bool()
    found = hs.capture(_encoder(), inputs={"src": X[:1], "src_key_padding_mask": mask}, tokens=names)
    assert list(found.maps["self"].key_tokens) == list("bcd")


class Ids(nn.Module):
    """Reads ids, and a mask that it may ignore."""

    def __init__(self, heeds: bool) -> None:
        super().__init__()
        self.embed, self.encoder, self.heeds = nn.Embedding(50, 16), _encoder(), heeds

    def forward(self, ids: Tensor, src_key_padding_mask: Tensor) -> Tensor:
        mask = src_key_padding_mask if self.heeds else None
        found: Tensor = self.encoder(self.embed(ids), src_key_padding_mask=mask)
        return found


@pytest.mark.parametrize("heeds", [True, False])
def test_ids_name_what_is_shown_and_an_ignored_mask_hides_nothing(heeds: bool) -> None:
    inputs = {"ids": torch.tensor([[7, 4, 9, 2, 2]]), "src_key_padding_mask": MASK[:1]}
    found = hs.capture(Ids(heeds).eval(), inputs=inputs)
    assert list(found.maps["self"].key_tokens) == ["7", "4", "9", "2", "2"][: 3 if heeds else 5]
