"""As many texts as positions or heads: texts lie along the axis along which one of them alone gives the same output."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import headscope as hs

HEADS, DIM, WIDTH = 4, 4, 16


class Square(nn.Module):
    """Attention along the first or the second axis of the input; heads have an axis or are folded into the texts."""

    def __init__(self, first: bool, way: str):
        super().__init__()
        self.project, self.out, self.first, self.way = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), first, way
        self.weights: list[Tensor] = []

    def forward(self, states: Tensor) -> Tensor:
        states = states.transpose(0, 1) if self.first else states
        packed = self.project(states).unflatten(-1, (3, HEADS, DIM))
        q, k, v = packed.permute(2, 0, 3, 1, 4)
        self.weights.append(((3 * q) @ k.mT / 2).softmax(-1).detach())
        output = self.attend(3 * q, k, v)
        output = self.out(output.transpose(1, 2).flatten(2))
        return output.transpose(0, 1) if self.first else output

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if self.way == "kernel":
            return nn.functional.scaled_dot_product_attention(q, k, v)
        if self.way == "folded":
            folded = [part.flatten(0, 1) for part in (q, k, v)]
            return ((folded[0] @ folded[1].mT / 2).softmax(-1) @ folded[2]).view(q.shape)
        if self.way == "causal kernel":
            self.weights[-1] = None
            return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return (q @ k.mT / 2).softmax(-1) @ v


@pytest.mark.parametrize(("texts", "size"), [(4, 4), (2, 2), (3, 3), (5, 5), (4, 6), (6, 4), (3, 6)])
@pytest.mark.parametrize("way", ["kernel", "folded", "by hand", "causal kernel"])
@pytest.mark.parametrize("first", [True, False])
def test_the_axis_of_texts_is_found(first, way, texts, size):
    torch.manual_seed(0)
    model = nn.Sequential(Square(first, way), Square(first, way)).eval()
    states = torch.randn((size, texts, WIDTH) if first else (texts, size, WIDTH))
    with torch.no_grad():
        model(states)
    expected = [layer.weights[0] for layer in model]
    for row in range(min(texts, size)):
        capture = hs.capture(model, inputs=states, batch_index=row)
        (map_,) = capture.maps.values()
        assert len(map_.query_tokens) == size
        for layer in range(2):
            if expected[layer] is not None:
                np.testing.assert_allclose(capture.weights(layer), expected[layer][row], atol=1e-5)
            else:
                assert not np.triu(capture.weights(layer)[0], 1).any()
                assert (capture.weights(layer)[:, -1] > 0).all()


class Ids(nn.Module):
    """A model of ids with positions first."""

    def __init__(self, first: bool):
        super().__init__()
        self.embed, self.attend = nn.Embedding(20, WIDTH), Square(first, "by hand")

    def forward(self, ids: Tensor) -> Tensor:
        return self.attend(self.embed(ids))


@pytest.mark.parametrize("first", [True, False])
def test_ids_of_as_many_texts_as_positions(first):
    torch.manual_seed(0)
    model, ids = Ids(first).eval(), torch.arange(16).view(4, 4)
    with torch.no_grad():
        model(ids)
    capture = hs.capture(model, inputs=ids, batch_index=1)
    (map_,) = capture.maps.values()
    assert map_.query_tokens == (("1", "5", "9", "13") if first else ("4", "5", "6", "7"))
    np.testing.assert_allclose(capture.weights(0), model.attend.weights[0][1], atol=1e-6)


def test_texts_that_change_one_another_along_both_axes_are_asked_for():
    class Both(Square):
        """Attention along both axes."""

        def forward(self, states: Tensor) -> Tensor:
            return super().forward(states) + states.mean((0, 1))

    torch.manual_seed(0)
    model, states = Both(False, "by hand").eval(), torch.randn(4, 4, WIDTH)
    with pytest.raises(ValueError, match=r"\(4, 4, 16\).*not certain which of them counts texts.*x\[i:i \+ 1\]"):
        hs.capture(model, inputs=states)
    assert hs.capture(model, inputs=states[1:2]).weights(0).shape == (HEADS, 4, 4)


class Pooled(nn.Module):
    """One output for each text."""

    def __init__(self):
        super().__init__()
        self.attend = Square(False, "by hand")

    def forward(self, states: Tensor) -> Tensor:
        return self.attend(states).mean(1)


def test_one_output_for_each_text():
    torch.manual_seed(0)
    model, states = Pooled().eval(), torch.randn(4, 4, WIDTH)
    capture = hs.capture(model, inputs=states, batch_index=2)
    np.testing.assert_allclose(capture.weights(0), model.attend.weights[0][2], atol=1e-6)


@pytest.mark.parametrize("row", [0, 4, 5])
@pytest.mark.parametrize("kind", ["torch", "inside"])
def test_the_number_of_a_text_is_checked_on_the_axis_of_texts(kind, row):
    attention = torch.nn.MultiheadAttention(16, 2).eval()
    model = attention if kind == "torch" else Inside(attention)
    states = torch.randn(3, 6, 16)  # three positions of six texts
    inputs = {"query": states, "key": states, "value": states} if kind == "torch" else states
    alone = {name: part[:, row] for name, part in inputs.items()} if kind == "torch" else states[:, row : row + 1]
    capture, one = (hs.capture(model, inputs=given, batch_index=at) for given, at in ((inputs, row), (alone, 0)))
    torch.testing.assert_close(torch.from_numpy(capture.weights(0)), torch.from_numpy(one.weights(0)))
    with pytest.raises(IndexError, match="batch_index 6 is out of range"):
        hs.capture(model, inputs=inputs, batch_index=6)


class Inside(torch.nn.Module):
    """Holds attention that has positions first."""

    def __init__(self, attention):
        super().__init__()
        self.attention = attention

    def forward(self, states):
        return self.attention(states, states, states, need_weights=False)[0]
