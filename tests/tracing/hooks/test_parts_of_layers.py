"""Loops over chunks of queries, over time, over windows and over heads: each is one layer of words by words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import headscope as hs

HEADS, DIM, WIDTH = 4, 4, 16


def by_hand(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.softmax(q @ k.mT / DIM**0.5, -1) @ v


def by_kernel(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return nn.functional.scaled_dot_product_attention(q, k, v)


def by_einsum(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = torch.einsum("...qd,...kd->...qk", q, k) / DIM**0.5
    return torch.einsum("...qk,...kd->...qd", scores.softmax(-1), v)


class Looped(nn.Module):
    """Attention that a loop calls with parts of queries, keys and values; `seen` are keys that a query may see."""

    def __init__(self, loop, attend):
        super().__init__()
        self.project, self.out, self.loop, self.attend = (
            nn.Linear(WIDTH, 3 * WIDTH),
            nn.Linear(WIDTH, WIDTH),
            loop,
            attend,
        )
        self.weights = []

    def forward(self, states: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (HEADS, DIM)).transpose(1, 2) for part in self.project(states).chunk(3, -1))
        output, seen = self.loop(self.attend, q, k, v)
        scores = (q @ k.mT / DIM**0.5).masked_fill(~seen, -torch.inf)
        self.weights.append(scores.softmax(-1).detach())
        return states + self.out(output.transpose(1, 2).flatten(2))


def everything(size: int) -> Tensor:
    return torch.ones(size, size).bool()


def chunks(length: int):
    def chunked(attend, q, k, v):
        parts = [attend(part, k, v) for part in q.split(length, 2)]
        return torch.cat(parts, 2), everything(q.shape[2])

    return chunked


def over_time(attend, q, k, v):
    size = q.shape[2]
    parts = [attend(q[:, :, at : at + 1], k[:, :, : at + 1], v[:, :, : at + 1]) for at in range(size)]
    return torch.cat(parts, 2), everything(size).tril()


def causal_chunks(attend, q, k, v):
    """Chunks of two queries, each with the keys before its end."""
    size, seen = q.shape[2], everything(q.shape[2])
    parts = []
    for at in range(0, size, 2):
        parts.append(attend(q[:, :, at : at + 2], k[:, :, : at + 2], v[:, :, : at + 2]))
        seen[at : at + 2, at + 2 :] = False
    return torch.cat(parts, 2), seen


def sliding(attend, q, k, v):
    """Chunks of two queries, each with its own keys and those of the chunk before."""
    size, seen = q.shape[2], ~everything(q.shape[2])
    parts = []
    for at in range(0, size, 2):
        keys = slice(max(0, at - 2), at + 2)
        parts.append(attend(q[:, :, at : at + 2], k[:, :, keys], v[:, :, keys]))
        seen[at : at + 2, keys] = True
    return torch.cat(parts, 2), seen


def windows(attend, q, k, v):
    split = (part.split(2, 2) for part in (q, k, v))
    seen = torch.block_diag(*[everything(2)] * (q.shape[2] // 2)).bool()
    return torch.cat([attend(*parts) for parts in zip(*split, strict=True)], 2), seen


def stacked_heads(attend, q, k, v):
    heads = zip(q.unbind(1), k.unbind(1), v.unbind(1), strict=True)
    return torch.stack([attend(*parts) for parts in heads], 1), everything(q.shape[2])


def heads_beside_each_other(attend, q, k, v):
    heads = zip(q.unbind(1), k.unbind(1), v.unbind(1), strict=True)
    joined = torch.cat([attend(*parts) for parts in heads], -1)
    return joined.unflatten(-1, (HEADS, DIM)).transpose(1, 2), everything(q.shape[2])


def pairs_of_heads(attend, q, k, v):
    split = (part.split(2, 1) for part in (q, k, v))
    return torch.cat([attend(*parts) for parts in zip(*split, strict=True)], 1), everything(q.shape[2])


LOOPS = {
    "chunks of 2": chunks(2),
    "chunks of 3": chunks(3),
    "uneven chunks": chunks(4),
    "single queries": chunks(1),
    "over time": over_time,
    "causal chunks": causal_chunks,
    "sliding": sliding,
    "windows": windows,
    "stacked heads": stacked_heads,
    "heads beside each other": heads_beside_each_other,
    "pairs of heads": pairs_of_heads,
}


WAYS = [(name, attend) for name in LOOPS for attend in (by_hand, by_kernel, by_einsum)]
WAYS.remove(("over time", by_einsum))  # einsum computes the first step, with one key, without a product of matrices


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("name", "attend"), WAYS, ids=[f"{name}, {attend.__name__}" for name, attend in WAYS])
def test_a_loop_is_one_layer(name, attend, batch):
    loop = LOOPS[name]
    torch.manual_seed(0)
    model, states = nn.Sequential(Looped(loop, attend), Looped(loop, attend)).eval(), torch.randn(batch, 6, WIDTH)
    with torch.no_grad():
        model(states)
    expected = [block.weights[0][batch - 1] for block in model]
    capture = hs.capture(model, inputs=states, batch_index=batch - 1, tokens=list("abcdef"))
    (map_,) = capture.maps.values()
    assert map_.num_layers == 2
    assert map_.query_tokens == map_.key_tokens == tuple("abcdef")
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer), expected[layer], atol=1e-6)
    assert not capture.report().missing


@pytest.mark.parametrize("attend", [by_hand, by_kernel], ids=lambda attend: attend.__name__)
def test_the_same_word_in_two_windows_is_two_positions(attend):
    torch.manual_seed(0)
    model = Looped(windows, attend).eval()
    states = torch.randn(1, 2, WIDTH)[:, [0, 1, 1, 0, 0, 0]]
    capture = hs.capture(model, inputs=states)
    np.testing.assert_allclose(capture.weights(0), model.weights[0][0], atol=1e-6)


@pytest.mark.parametrize("attend", [by_hand, by_kernel], ids=lambda attend: attend.__name__)
@pytest.mark.parametrize("keys", [3, 5])
@pytest.mark.parametrize("length", [2, 3])
def test_chunks_that_attend_to_another_text_share_its_keys(length, keys, attend):
    class Crossing(nn.Module):
        """Attention of one sequence to another in chunks."""

        def forward(self, tgt: Tensor, src: Tensor) -> Tensor:
            self.weights = torch.softmax(tgt @ src.mT / DIM**0.5, -1)
            return torch.cat([attend(part, src, src) for part in tgt.split(length, 2)], 2)

    model, tgt, src = Crossing(), torch.randn(1, 2, 6, DIM), torch.randn(1, 2, keys, DIM)
    capture = hs.capture(model, inputs={"tgt": tgt, "src": src})
    (name,) = capture.maps
    np.testing.assert_allclose(capture.weights(0, map=name), model.weights[0], atol=1e-6)


def test_heads_that_are_put_into_place_one_by_one_are_told():
    def written(attend, q, k, v):
        output = torch.empty_like(q)
        for head in range(HEADS):
            output[:, head] = attend(q[:, head], k[:, head], v[:, head])
        return output, everything(q.shape[2])

    torch.manual_seed(0)
    model = Looped(written, by_hand).eval()
    capture = hs.capture(model, inputs=torch.randn(1, 6, WIDTH))
    assert next(iter(capture.maps.values())).num_layers == HEADS
    for layer in range(HEADS):
        np.testing.assert_allclose(capture.weights(layer)[0], model.weights[0][0, layer], atol=1e-6)
    assert f"attend {HEADS} times in one run: each time is a layer of its own" in repr(capture.report())
