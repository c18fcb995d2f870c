"""Attention whose scores are no products: a softmax of any numbers over positions, multiplied with values."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import headscope as hs

WIDTH = 16


class Attention(nn.Module):
    """Keeps the weights of its last run as the reference; subclasses say what the scores are."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.one = nn.Linear(WIDTH, 1)
        self.own = nn.Parameter(torch.randn(7, 7))
        self.reference = torch.empty(0)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        raise NotImplementedError

    def times(self, weights: Tensor, v: Tensor) -> Tensor:
        return weights @ v

    def forward(self, states: Tensor) -> Tensor:
        self.reference = self.weights(3 * self.q(states), 3 * self.k(states))
        return self.times(self.reference, self.v(states))


class Additive(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return self.one(torch.tanh(q[:, :, None] + k[:, None])).squeeze(-1).softmax(-1)


class Distances(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return (-(torch.cdist(q, k) ** 2)).softmax(-1)


class Gaussian(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        near = torch.exp(-((q[:, :, None] - k[:, None]) ** 2).sum(-1) / 50)
        return near / near.sum(-1, keepdim=True)


class Broadcast(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return (q[:, :, None] * k[:, None]).sum(-1).softmax(-1)


class BroadcastTwice(Broadcast):
    def times(self, weights: Tensor, v: Tensor) -> Tensor:
        return (weights[..., None] * v[:, None]).sum(2)


class Detached(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.from_numpy((q @ k.mT).detach().numpy().copy()).softmax(-1)


class Learned(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:  # noqa: ARG002  # they are the same for every text
        return self.own.softmax(-1).expand(len(q), -1, -1)


class Graph(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        scores = nn.functional.leaky_relu(self.one(q) + self.one(k).mT)
        return scores.masked_fill(torch.eye(scores.shape[-1]).bool(), -torch.inf).softmax(-1)


class Pooling(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:  # noqa: ARG002  # the query is a parameter
        return self.one(k).softmax(1).mT


class PoolingBySum(Pooling):
    def times(self, weights: Tensor, v: Tensor) -> Tensor:
        return (weights.mT * v).sum(1)


class OneKey(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.einsum("bqd,bkd->bqk", q, k[:, :1]).softmax(-1)

    def times(self, weights: Tensor, v: Tensor) -> Tensor:
        return torch.einsum("bqk,bkd->bqd", weights, v[:, :1])


class Overwritten(Attention):
    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return nn.functional.dropout((q @ k.mT).softmax(-1), 0.5, training=False, inplace=True).mul_(1)


class Heads(Attention):
    num_heads = 2

    def __init__(self) -> None:
        super().__init__()
        self.num_heads = 2
        self.one = nn.Linear(WIDTH // 2, 1)

    def split(self, states: Tensor) -> Tensor:
        return states.unflatten(-1, (2, -1)).transpose(1, 2)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        q, k = self.split(q), self.split(k)
        return self.one(torch.tanh(q[:, :, :, None] + k[:, :, None])).squeeze(-1).softmax(-1)

    def times(self, weights: Tensor, v: Tensor) -> Tensor:
        return (weights @ self.split(v)).transpose(1, 2).flatten(2)


SERVED = (
    *(Additive, Distances, Gaussian, Broadcast, BroadcastTwice, Detached, Learned, Graph, Pooling, PoolingBySum),
    *(OneKey, Overwritten, Heads),
)


@pytest.mark.parametrize("kind", SERVED)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_weights_of_any_scores_are_shown_as_they_were(kind, batch):
    module = kind().eval()
    capture = hs.capture(module, inputs=torch.randn(batch, 7, WIDTH), batch_index=batch - 1)
    (record,) = capture.maps["self"].records
    shown = record.weights(range(record.num_heads), slice(0, record.num_queries), slice(0, record.num_keys))
    reference = module.reference[-1].reshape(shown.shape)
    torch.testing.assert_close(torch.from_numpy(shown), reference.detach())
    assert not capture.report().missing


@pytest.mark.parametrize("kind", [Additive, Distances, Broadcast, BroadcastTwice, PoolingBySum, OneKey])
def test_a_text_of_one_position_has_one_weight(kind):
    capture = hs.capture(kind().eval(), inputs=torch.randn(2, 1, WIDTH))
    (record,) = capture.maps["self"].records
    assert record.weights([0], slice(0, 1), slice(0, 1)).tolist() == [[[1]]]


class Across(Additive):
    def forward(self, target: Tensor, source: Tensor) -> Tensor:
        self.reference = self.weights(self.q(target), self.k(source))
        return self.reference @ self.v(source)


@pytest.mark.parametrize("count", [3, 7, 9])
def test_rows_and_columns_are_told_apart(count):
    inputs = {"target": torch.randn(1, count, WIDTH), "source": torch.randn(1, 7, WIDTH)}
    names = {"target": [f"t{at}" for at in range(count)], "source": [f"s{at}" for at in range(7)]}
    cross = hs.capture(Across().eval(), inputs=inputs, tokens=names).maps["cross"]
    assert list(cross.query_tokens) == names["target"]
    assert list(cross.key_tokens) == names["source"]


class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(WIDTH, 4)
        self.experts = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, states: Tensor) -> Tensor:
        made = torch.stack([expert(states) for expert in self.experts], -2)
        return (self.gate(states).softmax(-1)[..., None, :] @ made)[..., 0, :]


class ExpertsBySum(Experts):
    def forward(self, states: Tensor) -> Tensor:
        made = torch.stack([expert(states) for expert in self.experts], -2)
        return (self.gate(states).softmax(-1)[..., None] * made).sum(-2)


class Linear(Attention):
    def forward(self, states: Tensor) -> Tensor:
        return self.q(states).softmax(-1) @ (self.k(states).softmax(1).mT @ self.v(states))


class Gathered(Attention):
    def forward(self, states: Tensor) -> Tensor:
        best, at = (self.q(states) @ self.k(states).mT).topk(3, -1)
        values = self.v(states)[torch.arange(len(states))[:, None, None], at]
        return (best.softmax(-1)[:, :, None] @ values)[:, :, 0]


class Sparse(Attention):
    def forward(self, states: Tensor) -> Tensor:
        scores = (self.q(states[0]) @ self.k(states[0]).T).to_sparse()
        return torch.sparse.mm(torch.sparse.softmax(scores, 1), self.v(states[0]))


class Channels(nn.Module):
    def forward(self, states: Tensor) -> Tensor:
        return (states.mean(1, keepdim=True).softmax(-1) * states).sum(-1)


REFUSED = [
    (Experts, "a mixture of experts", 7),
    (Experts, "differ from query to query", 4),
    (ExpertsBySum, "a mixture of experts", 7),
    (ExpertsBySum, "differ from query to query", 4),
    (Linear, "linear attention", 7),
    (Linear, "linear attention", WIDTH),
    (Gathered, "gathered keys", 7),
    (Sparse, "sparse tensor", 7),
]


@pytest.mark.parametrize(("kind", "reason", "count"), REFUSED)
def test_what_weighs_no_positions_is_refused_with_its_reason(kind, reason, count):
    with pytest.raises(ValueError, match=reason):
        hs.capture(kind().eval(), inputs=torch.randn(2, count, WIDTH))


def test_channels_as_many_as_positions_are_no_positions():
    with pytest.raises(ValueError, match="none of its attention can be shown"):
        hs.capture(Channels(), inputs=torch.randn(2, 7, 7))
