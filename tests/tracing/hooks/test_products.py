"""Attention that is written out by hand is seen, however it is written; what is no attention is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import headscope as hs

SIZE, HEADS, DIM, WIDTH = 7, 4, 8, 32


class Block(nn.Module):
    """Attention whose core is a function of queries, keys and values, each (batch, heads, positions, head_dim)."""

    def __init__(self, core: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]):
        super().__init__()
        self.project, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.core = core
        self.weights: list[Tensor] = []

    def forward(self, states: Tensor) -> Tensor:
        batch, size, _ = states.shape
        query, key, value = self.project(states).view(batch, size, 3, HEADS, DIM).permute(2, 0, 3, 1, 4)
        output, weights = self.core(3 * query, key, value)
        self.weights.append(weights)
        return states + self.out(output.transpose(1, 2).reshape(batch, size, WIDTH))


def hidden(size: int) -> Tensor:
    return torch.triu(torch.ones(size, size, dtype=torch.bool), 1)


def by_matmul(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.softmax(q @ k.transpose(-2, -1) / DIM**0.5, -1)
    return weights @ v, weights


def masked(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = (q @ k.transpose(-2, -1)) * DIM**-0.5
    weights = nn.functional.softmax(scores.masked_fill(hidden(q.shape[-2]), -torch.inf), dim=-1)
    return nn.functional.dropout(weights, 0.0) @ v, weights


def by_einsum(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.einsum("bhid,bhjd->bhij", q, k).softmax(dim=-1)
    return torch.einsum("bhij,bhjd->bhid", weights, v), weights


def transposed(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.einsum("bhid,bhjd->bhij", q, k).softmax(dim=-1)
    return (v.transpose(-2, -1) @ weights.transpose(-2, -1)).transpose(-2, -1), weights


def folded(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Heads joined with the batch, as in OPT and BLOOM."""
    q, k, v = (part.reshape(-1, *part.shape[2:]) for part in (q, k, v))
    weights = torch.softmax(torch.bmm(q, k.transpose(1, 2)), dim=-1, dtype=torch.float32).type_as(q)
    output = torch.bmm(weights, v)
    shape = -1, HEADS
    return output.view(*shape, *output.shape[1:]), weights.view(*shape, *weights.shape[1:])


def added(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    bias = torch.arange(q.shape[-2]).float().neg() / 3
    start = bias.expand(q.shape[0] * HEADS, q.shape[-2], -1)
    q, k = (part.reshape(-1, *part.shape[2:]) for part in (q, k))
    scores = torch.baddbmm(start, q, k.transpose(1, 2), beta=1.0, alpha=0.5)
    weights = scores.view(-1, HEADS, *scores.shape[1:]).softmax(-1)
    return weights @ v, weights


def gated(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """A factor per head after the softmax: what multiplies the values is shown."""
    weights = torch.softmax(q @ k.transpose(-2, -1), -1) * torch.tensor([0.5, 1.0, 2.0, 0.1])[:, None, None]
    return weights @ v, weights


def with_sink(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = q @ k.transpose(-2, -1)
    weights = torch.cat([scores, scores.new_ones(*scores.shape[:-1], 1)], -1).softmax(-1)[..., :-1]
    return weights @ v, weights


def in_place(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = q @ k.transpose(-2, -1)
    scores *= 0.3
    scores += torch.zeros(q.shape[-2]).index_fill(0, torch.tensor([2]), -torch.inf)
    weights = scores.softmax(-1)
    return weights @ v, weights


def by_log_sum(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = (q @ k.mT / 3).masked_fill(hidden(q.shape[-2]), -torch.inf)
    weights = torch.exp(scores - scores.logsumexp(-1, keepdim=True))
    return weights @ v, weights


def to_the_base_of_two(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = q @ k.mT
    powers = torch.exp2(scores - scores.amax(-1, keepdim=True))
    weights = powers / powers.sum(-1, keepdim=True)
    return weights @ v, weights


def exponentials_in_place(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = q @ k.mT
    weights.sub_(weights.amax(-1, keepdim=True)).exp_()
    weights.div_(weights.sum(-1, keepdim=True))
    return weights @ v, weights


def masked_exponentials(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    scores = q @ k.mT
    exponentials = (scores - scores.amax(-1, keepdim=True)).exp() * ~hidden(q.shape[-2])
    weights = exponentials / exponentials.sum(-1, keepdim=True)
    return weights @ v, weights


def by_reciprocal(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    exponentials = (q @ k.mT / 4).exp()
    weights = torch.einsum("bhij,bhi->bhij", exponentials, exponentials.sum(-1).reciprocal())
    return weights @ v, weights


def keys_first_in_place(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    columns = (k @ q.mT / 4).exp_()
    weights = columns.div_(columns.sum(-2, keepdim=True)).mT
    return weights @ v, weights


def values_first(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    powers = torch.exp2(q @ k.mT / 4)
    weights = powers / powers.sum(-1, keepdim=True)
    return (v.mT @ weights.mT).mT, weights


def into_a_workspace(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.softmax(q @ k.mT, -1, out=torch.empty(*q.shape[:3], k.shape[2]))
    return weights @ v, weights


def copied_to_a_workspace(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = torch.zeros(*q.shape[:3], k.shape[2]).copy_((q @ k.mT).softmax(-1))
    return weights @ v, weights


def rectified(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Shares of what is positive."""
    positive = torch.relu(q @ k.mT)
    weights = positive / (positive.sum(-1, keepdim=True) + 1e-6)
    return weights @ v, weights


CORES = [by_matmul, masked, by_einsum, transposed, folded, added, gated, with_sink, in_place, by_log_sum]
CORES += [to_the_base_of_two, exponentials_in_place, masked_exponentials, by_reciprocal, keys_first_in_place]
CORES += [values_first, into_a_workspace, copied_to_a_workspace, rectified]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("core", CORES, ids=lambda core: core.__name__)
def test_hand_written_attention(core, batch):
    torch.manual_seed(0)
    model = nn.Sequential(Block(core), Block(core)).eval()
    states = torch.randn(batch, SIZE, WIDTH)
    with torch.no_grad():
        model(states)
    expected = [block.weights.pop() for block in model]
    capture = hs.capture(model, inputs=states, batch_index=batch - 1)
    (map_,) = capture.maps.values()
    assert map_.num_layers == 2
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer), expected[layer][batch - 1], atol=1e-6)
    assert capture.report().maps[0].difference < 1e-5


def by_kernel(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    return nn.functional.scaled_dot_product_attention(q, k, v), torch.softmax(q @ k.mT / DIM**0.5, -1)


WRITES = {
    "zero_": Tensor.zero_,
    "mul_": lambda part: part.mul_(0.5),
    "add_": lambda part: part.add_(1),
    "copy_": lambda part: part.copy_(torch.ones_like(part)),
    "index": lambda part: part.__setitem__(slice(None), 0.25),
    "fill_ of a view": lambda part: part.mT.fill_(0.5),
}
"""Ways of using the memory of a tensor for something else."""


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("core", [by_matmul, folded, by_kernel], ids=lambda core: core.__name__)
def test_memory_that_is_used_again_during_the_pass(core, write, batch):
    def written(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        output, weights = core(q, k, v)
        kept = weights.clone()
        for part in (q, k, v, weights):
            write(part)
        return output.clone(), kept

    torch.manual_seed(0)
    model, states = nn.Sequential(Block(written), Block(written)).eval(), torch.randn(batch, SIZE, WIDTH)
    capture = hs.capture(model, inputs=states, batch_index=batch - 1)
    expected = [block.weights[-1] for block in model]
    for layer in range(2):
        np.testing.assert_allclose(
            capture.weights(layer), expected[layer][min(batch, len(expected[layer])) - 1], atol=1e-6
        )


def test_memory_that_is_used_again_after_the_pass():
    class Given(nn.Module):
        """Attends to what it is given, and keeps its weights."""

        def forward(self, query: Tensor, key: Tensor) -> Tensor:
            self.weights = torch.softmax(query @ key.mT, -1)
            return nn.functional.scaled_dot_product_attention(query, key, key) + self.weights @ key

    model, query, key = Given(), torch.randn(1, 2, 5, 8), torch.randn(1, 2, 6, 8)
    capture = hs.capture(model, inputs={"query": query, "key": key})
    (map_,) = capture.maps
    expected = [capture.weights(layer, map=map_).copy() for layer in range(capture.maps[map_].num_layers)]
    for part in (query, key, model.weights):
        part.zero_()
    for layer, weights in enumerate(expected):
        np.testing.assert_array_equal(capture.weights(layer, map=map_), weights)
        assert weights.std() > 0.01


def linear(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Katharopoulos et al. 2020, https://arxiv.org/abs/2006.16236: softmax over features, no matrix of weights."""
    return q.softmax(-1) @ (k.softmax(-2).transpose(-2, -1) @ v), q


def over_landmarks(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Xiong et al. 2021, https://arxiv.org/abs/2102.03902: a product of several softmaxes."""
    q_marks, k_marks = q[:, :, ::3], k[:, :, ::3]
    first = (q @ k_marks.transpose(-2, -1)).softmax(-1)
    last = (q_marks @ k.transpose(-2, -1)).softmax(-1)
    return first @ (last @ v), first


def routed(q: Tensor, _k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """A mixture of experts: the softmax of a projection chooses among parameters."""
    gates = (q @ torch.eye(DIM)[:, :4].expand(HEADS, DIM, 4).contiguous()).softmax(-1)
    return v * gates.sum(-1, keepdim=True), gates


@pytest.mark.parametrize("core", [linear, over_landmarks, routed], ids=lambda core: core.__name__)
def test_what_is_no_attention_is_not_shown(core):
    torch.manual_seed(0)
    with pytest.raises(ValueError, match="attention"):
        hs.capture(Block(core).eval(), inputs=torch.randn(1, SIZE, WIDTH))


def divided_later(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    exponentials = (q @ k.mT / 4).exp()
    return exponentials @ v / exponentials.sum(-1, keepdim=True), exponentials


def gates(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    return torch.sigmoid(q @ k.mT) @ v, q


def rollout(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (q @ k.mT).softmax(-1)
    return weights @ weights @ v, weights


def twice(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    weights = (q @ k.mT).softmax(-1)
    return weights @ v + weights @ (weights @ v), weights


def in_turn(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    first = (q @ k.mT).softmax(-1) @ v
    return (first @ first.mT).softmax(-1) @ first, first


def dropped(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    return nn.functional.scaled_dot_product_attention(q, k, v, dropout_p=0.5), q


REASONS = {
    linear: "as in linear attention",
    over_landmarks: "attention over landmarks",
    divided_later: "divides by their sums later",
    gates: "rows do not sum to one",
    rollout: "multiplies its weights with themselves",
    twice: "applies the same weights again to what they gave",
    in_turn: "attends to the outcome of another attention",
    dropped: "attends with dropout_p=0.5 although the model is in evaluation mode",
}


@pytest.mark.parametrize(("core", "reason"), REASONS.items(), ids=[core.__name__ for core in REASONS])
def test_the_reason_says_what_happened(core, reason):
    torch.manual_seed(0)
    with pytest.raises(ValueError, match=f"Block {reason}|Block .*{reason}"):
        hs.capture(Block(core).eval(), inputs=torch.randn(1, SIZE, WIDTH))


def test_layers_beside_one_that_is_no_attention():
    torch.manual_seed(0)
    model = nn.Sequential(Block(by_matmul), Block(over_landmarks), Block(masked)).eval()
    report = hs.capture(model, inputs=torch.randn(1, SIZE, WIDTH)).report()
    assert report.maps[0].modules == ("0", "2")
    assert "landmarks" in report.missing["1"]


def test_two_different_calls_in_one_module_are_told_apart():
    class TwoAttention(nn.Module):
        """Attends twice, with the queries of each half, as differential attention does."""

        def __init__(self):
            super().__init__()
            self.one, self.other = Block(by_matmul), Block(masked)

        def forward(self, states):
            q, k, v = states.view(1, SIZE, HEADS, DIM).transpose(1, 2).expand(3, -1, -1, -1, -1)
            first, self.first = by_matmul(q, k, v)
            second, self.second = masked(2 * q, k, v)
            return first - 0.5 * second

    torch.manual_seed(0)
    model = TwoAttention().eval()
    capture = hs.capture(model, inputs=torch.randn(1, SIZE, WIDTH))
    assert len(capture.maps) == 2
    for name, expected in zip(capture.maps, (model.first, model.second), strict=True):
        np.testing.assert_allclose(capture.weights(0, map=name), expected[0], atol=1e-6)


class Projected(nn.Module):
    """Attention without a normalisation between its layers, and with biases in every projection."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, states: Tensor) -> Tensor:
        split = (*states.shape[:2], HEADS, DIM)
        parts = (layer(states).view(split).transpose(1, 2) for layer in (self.query, self.key, self.value))
        return states + self.out(by_matmul(*parts)[0].transpose(1, 2).reshape(states.shape))


def test_layers_of_square_projections_are_no_product_of_softmaxes():
    torch.manual_seed(0)
    model = nn.Sequential(*(Projected() for _ in range(4))).eval()
    capture = hs.capture(model, inputs=torch.randn(1, SIZE, WIDTH))
    assert not capture.report().missing
    assert next(iter(capture.maps.values())).num_layers == 4


class Siamese(nn.Module):
    """One encoder for two texts, as in case of sentence encoders."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, WIDTH)
        self.encoder = nn.Sequential(Projected(), Projected())

    def encode(self, ids: Tensor) -> Tensor:
        return self.encoder(self.embed(ids)).mean(1)

    def forward(self, input_ids: Tensor, other_ids: Tensor) -> Tensor:
        return nn.functional.cosine_similarity(self.encode(input_ids), self.encode(other_ids))


@pytest.mark.parametrize("other", [SIZE, 5])
def test_each_text_of_one_encoder_is_a_map(other):
    torch.manual_seed(0)
    model = Siamese().eval()
    inputs = {"input_ids": torch.arange(SIZE)[None], "other_ids": torch.arange(20, 20 + other)[None]}
    capture = hs.capture(model, inputs=inputs)
    assert [map_.num_layers for map_ in capture.maps.values()] == [2, 2]
    assert [len(map_.query_tokens) for map_ in capture.maps.values()] == [SIZE, other]
    alone = hs.capture(model, inputs={"input_ids": inputs["other_ids"], "other_ids": inputs["input_ids"]})
    first, second = list(capture.maps)
    np.testing.assert_array_equal(capture.weights(1, map=second), alone.weights(1, map=next(iter(alone.maps))))
    assert first != second
