"""Heads that are folded into queries, relative values and windows: the map has one row for each word, or none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import headscope as hs

HEADS, GROUPS, DIM = 4, 2, 4
WIDTH = HEADS * DIM


class Grouped(nn.Module):
    """Attention of four heads over fewer heads of keys and values; `core` returns the output, by heads, and weights."""

    def __init__(self, core, groups=GROUPS):
        super().__init__()
        self.project, self.out, self.core = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), core
        self.groups, self.seen = groups, []

    def forward(self, states: Tensor) -> Tensor:
        parts = (part.unflatten(-1, (HEADS, DIM)).transpose(1, 2) for part in self.project(states).chunk(3, -1))
        query, key, value = parts
        output, weights = self.core(3 * query, key[:, : self.groups], value[:, : self.groups])
        self.seen.append(weights.clone())
        return states + self.out(output.transpose(1, 2).flatten(2))


def split(query: Tensor) -> Tensor:
    return query.unflatten(1, (GROUPS, HEADS // GROUPS))


def by_einsum(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.einsum("bkgqd,bksd->bkgqs", split(q), k).softmax(-1)
    return torch.einsum("bkgqs,bksd->bkgqd", weights, v).flatten(1, 2), weights.flatten(1, 2)


def masked(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = torch.einsum("bkgqd,bksd->bkgqs", split(q), k) / 2
    hidden = torch.ones(scores.shape[-2:]).triu(1).bool()
    weights = nn.functional.dropout(scores.masked_fill(hidden, -torch.inf).softmax(-1), 0.0)
    return torch.einsum("bkgqs,bksd->bkgqd", weights, v).flatten(1, 2), weights.flatten(1, 2)


def groups_last(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.einsum("bkgqd,bksd->bgkqs", split(q), k).softmax(-1)
    return torch.einsum("bgkqs,bksd->bkgqd", weights, v).flatten(1, 2), weights.transpose(1, 2).flatten(1, 2)


def by_exponentials(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = torch.einsum("bkgqd,bksd->bkgqs", split(q), k)
    exponentials = (scores - scores.amax(-1, keepdim=True)).exp()
    weights = exponentials / exponentials.sum(-1, keepdim=True)
    return torch.einsum("bkgqs,bksd->bkgqd", weights, v).flatten(1, 2), weights.flatten(1, 2)


def broadcast(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (split(q) @ k[:, :, None].mT).softmax(-1)
    return (weights @ v[:, :, None]).flatten(1, 2), weights.flatten(1, 2)


def relative_values(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Shaw et al. 2018, https://arxiv.org/abs/1803.02155: values that depend on the distance."""
    k, v = (part.repeat_interleave(HEADS // GROUPS, 1) for part in (k, v))
    weights = (q @ k.mT).softmax(-1)
    relative = torch.randn(q.shape[2], k.shape[2], DIM, generator=torch.Generator().manual_seed(0))
    return weights @ v + torch.einsum("bhqk,qkd->bhqd", weights, relative), weights


def relative_values_first(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    k, v = (part.repeat_interleave(HEADS // GROUPS, 1) for part in (k, v))
    weights = torch.einsum("bhqd,bhkd->bhqk", q, k).softmax(-1)
    relative = torch.randn(q.shape[2], k.shape[2], DIM, generator=torch.Generator().manual_seed(0))
    return torch.einsum("bhqk,qkd->bhqd", weights, relative) + torch.einsum("bhqk,bhkd->bhqd", weights, v), weights


def kernel(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    output = nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    return output, (q @ k.repeat_interleave(HEADS // GROUPS, 1).mT / DIM**0.5).softmax(-1)


CORES = [
    by_einsum,
    masked,
    groups_last,
    by_exponentials,
    broadcast,
    relative_values,
    relative_values_first,
    kernel,
]


@pytest.mark.parametrize(("batch", "size"), [(1, 6), (3, 6), (4, 5), (1, 4), (2, 3), (4, 4)])
@pytest.mark.parametrize("core", CORES, ids=lambda core: core.__name__)
def test_each_row_is_one_position_of_one_head(core, batch, size):
    torch.manual_seed(0)
    model, states = nn.Sequential(Grouped(core), Grouped(core)).eval(), torch.randn(batch, size, WIDTH)
    with torch.no_grad():
        model(states)
    expected = [block.seen[0] for block in model]
    capture = hs.capture(model, inputs=states, batch_index=batch - 1, tokens=list("abcdef"[:size]))
    (map_,) = capture.maps.values()
    assert map_.num_layers == 2
    assert map_.query_tokens == map_.key_tokens == tuple("abcdef"[:size])
    order = [0, 2, 1, 3] if core is groups_last else list(range(HEADS))
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer)[order], expected[layer][batch - 1], atol=1e-6)


def queries_then_heads(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (q.transpose(1, 2).flatten(1, 2) @ k[:, 0].mT).softmax(-1)
    return (weights @ v[:, 0]).unflatten(1, (-1, HEADS)).transpose(1, 2), weights


def heads_then_queries(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (q.flatten(1, 2) @ k[:, 0].mT).softmax(-1)
    return (weights @ v[:, 0]).unflatten(1, (HEADS, -1)), weights


def folded_into_the_kernel(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    output = nn.functional.scaled_dot_product_attention(q.flatten(1, 2)[:, None], k, v)
    return output[:, 0].unflatten(1, (HEADS, -1)), output


@pytest.mark.parametrize("size", [4, 6])
@pytest.mark.parametrize("core", [queries_then_heads, heads_then_queries, folded_into_the_kernel])
def test_rows_of_heads_and_queries_in_an_unknown_order_are_refused(core, size):
    torch.manual_seed(0)
    model = Grouped(core, groups=1).eval()
    with pytest.raises(ValueError, match=rf"count queries and heads together \({HEADS * size}\).*axis of its own"):
        hs.capture(model, inputs=torch.randn(1, size, WIDTH))


def test_more_queries_than_positions_are_no_heads():
    class Latents(nn.Module):
        """Attention of learned queries, as in Perceiver."""

        def __init__(self):
            super().__init__()
            self.queries, self.key = nn.Parameter(torch.randn(12, DIM)), nn.Linear(DIM, DIM)

        def forward(self, states):
            self.seen = (self.queries.expand(len(states), -1, -1) @ self.key(states).mT).softmax(-1)
            return self.seen @ states

    model = Latents().eval()
    capture = hs.capture(model, inputs=torch.randn(1, 6, DIM))
    np.testing.assert_allclose(capture.weights(0), model.seen.detach(), atol=1e-6)


def values_of_each_query(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (q @ k.repeat_interleave(2, 1).mT).softmax(-1)
    return torch.einsum("bhqk,qkd->bhqd", weights, torch.randn(q.shape[2], q.shape[2], v.shape[-1])), weights


def test_values_of_each_query_alone_are_told():
    with pytest.raises(ValueError, match="values that differ from query to query"):
        hs.capture(Grouped(values_of_each_query).eval(), inputs=torch.randn(1, 6, WIDTH))


class Windowed(nn.Module):
    """Attention inside of windows of three positions; heads before or after the windows."""

    def __init__(self, heads, heads_first, by_hand, named):
        super().__init__()
        self.heads, self.first, self.by_hand = heads, heads_first, by_hand
        self.project, self.seen = nn.Linear(WIDTH, 3 * WIDTH), []
        if named:
            self.num_heads = heads
        else:
            self.h = vars(self).pop("heads")

    def forward(self, states):
        heads = vars(self).get("heads") or self.h
        parts = self.project(states).unflatten(-1, (3, heads, -1)).unflatten(1, (-1, 3)).unbind(3)  # b w 3 h d
        q, k, v = (part.permute((0, 3, 1, 2, 4) if self.first else (0, 1, 3, 2, 4)) for part in parts)
        weights = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1)
        self.seen.append(weights if self.first else weights.transpose(1, 2))
        output = weights @ v if self.by_hand else nn.functional.scaled_dot_product_attention(q, k, v)
        return output.permute((0, 2, 3, 1, 4) if self.first else (0, 1, 3, 2, 4)).flatten(3).flatten(1, 2)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("heads_first", [True, False])
@pytest.mark.parametrize(("heads", "windows"), [(4, 2), (2, 4), (2, 3), (4, 4)])
def test_windows_are_told_from_heads_or_refused(heads, windows, heads_first, by_hand, named):
    torch.manual_seed(0)
    model, states = Windowed(heads, heads_first, by_hand, named).eval(), torch.randn(1, 3 * windows, WIDTH)
    if heads == windows:
        with pytest.raises(ValueError, match="not certain which counts heads and which windows"):
            hs.capture(model, inputs=states)
        return
    capture = hs.capture(model, inputs=states)
    expected = torch.stack([torch.block_diag(*head) for head in model.seen[0][0]]).detach()
    np.testing.assert_allclose(capture.weights(0), expected, atol=1e-6)
