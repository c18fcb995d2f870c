"""Attention as people write it in modules of their own, each held against weights computed by hand in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # torch's own convention
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention as by_another_name

WIDTH, HEADS, SIZE = 16, 4, 4
VOCABULARY = 50


class Own(nn.Module):
    """A module with one packed projection; `way` attends, given queries, keys and values (batch, heads, n, 4)."""

    causal = False

    def __init__(self, way: Callable[[Own, Tensor, Tensor, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.way = way

    def split(self, states: Tensor) -> list[Tensor]:
        """Return queries, keys and values, each of shape (batch, heads, n, 4)."""
        batch, count, _ = states.shape
        return [part.view(batch, count, HEADS, SIZE).transpose(1, 2) for part in self.qkv(states).chunk(3, -1)]

    def forward(self, states: Tensor) -> Tensor:
        """Attend, and project what came out."""
        assert self.way is not None
        attended = self.way(self, *self.split(states))
        projected: Tensor = self.out(attended.transpose(1, 2).reshape(states.shape))
        return projected

    def weights(self, states: Tensor) -> Tensor:
        """Return the weights by hand, shape (batch, heads, n, n), float64."""
        bias = torch.as_tensor(self.qkv.bias.detach()).double()
        packed = states.double() @ self.qkv.weight.detach().double().T + bias
        batch, count, _ = states.shape
        query, key, _ = (part.view(batch, count, HEADS, SIZE).transpose(1, 2) for part in packed.chunk(3, -1))
        scores = query @ key.transpose(-1, -2) / SIZE**0.5
        if self.causal:
            scores = scores.masked_fill(torch.ones(count, count).triu(1).bool(), -torch.inf)
        return torch.softmax(scores, -1)


class Causal(Own):
    """The same, where later positions are hidden."""

    causal = True


def _causal_by_hand(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = (query @ key.transpose(-2, -1)) * SIZE**-0.5
    count = query.shape[-2]
    hidden = torch.tril(torch.ones(count, count, device=query.device)) == 0
    return F.dropout(F.softmax(scores.masked_fill(hidden, -torch.inf), dim=-1), 0.1, False) @ value


def _einsum(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    weights = torch.einsum("bhid,bhjd->bhij", query, key).div(2).softmax(-1)
    return torch.einsum("bhij,bhjd->bhid", weights, value)


def _einsum_positions_first(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    query, key, value = (part.transpose(1, 2) for part in (query, key, value))
    weights = torch.einsum("bihd,bjhd->bijh", query, key).mul(0.5).softmax(2)
    return torch.einsum("bijh,bjhd->bhid", weights, value)


def _folded(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    shape = query.shape
    query, key, value = (part.reshape(-1, *shape[2:]) for part in (query, key, value))
    return torch.bmm(torch.softmax(torch.bmm(query, key.transpose(1, 2)) / 2, -1), value).view(shape)


def _folded_heads_first(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    batch = len(query)
    query, key, value = (torch.cat(part.unbind(1)) for part in (query, key, value))  # (heads * batch, n, 4)
    attended = torch.softmax(query @ key.transpose(1, 2) / 2, 2) @ value
    return torch.stack(attended.chunk(len(attended) // batch), 1)


def _folded_into_the_kernel(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    shape = query.shape
    query, key, value = (part.reshape(-1, *shape[2:]) for part in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value).view(shape)


def _heads_first(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    query, key, value = (part.transpose(0, 1) for part in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value).transpose(0, 1)


def _keys_by_queries(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    weights = (key @ query.transpose(-1, -2) / 2).softmax(-2)
    return weights.transpose(-1, -2) @ value


def _exponentials(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query @ key.transpose(-1, -2) / 2
    exponentials = (scores - scores.amax(-1, keepdim=True)).exp()
    return (exponentials / exponentials.sum(-1, keepdim=True)) @ value


def _log_softmax(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return F.log_softmax(query @ key.transpose(-1, -2) / 2, -1).exp() @ value


def _in_float32(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    weights = F.softmax(query @ key.transpose(-1, -2) / 2, dim=-1, dtype=torch.float32)
    return weights.to(value.dtype) @ value


def _transposed_values(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    weights = (query @ key.transpose(-1, -2) / 2).softmax(-1)
    return (value.transpose(-1, -2) @ weights.transpose(-1, -2)).transpose(-1, -2)


def _loop_over_heads(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    texts = zip(query, key, value, strict=True)
    return torch.stack([(own @ keys.mT / 2).softmax(-1) @ values for own, keys, values in texts])


def _inference(_: Own, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    with torch.inference_mode():
        return (query @ key.transpose(-1, -2) / 2).softmax(-1) @ value


def modules() -> dict[str, Own]:
    """Return every way of writing attention, with fixed weights."""
    torch.manual_seed(0)
    found: dict[str, Own] = {
        "the kernel": Causal(lambda _, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)),
        "the kernel by another name": Own(lambda _, q, k, v: by_another_name(q, k, v)),
        "the operator itself": Own(lambda _, q, k, v: torch.ops.aten.scaled_dot_product_attention(q, k, v)),
        "a causal softmax by hand": Causal(_causal_by_hand),
        "einsum": Own(_einsum),
        "einsum, positions first": Own(_einsum_positions_first),
        "heads folded into the batch": Own(_folded),
        "the batch folded into heads": Own(_folded_heads_first),
        "folded into the kernel": Own(_folded_into_the_kernel),
        "heads first": Own(_heads_first),
        "keys by queries": Own(_keys_by_queries),
        "exponentials": Own(_exponentials),
        "log_softmax": Own(_log_softmax),
        "a softmax in float32": Own(_in_float32),
        "values on the left": Own(_transposed_values),
        "text by text": Own(_loop_over_heads),
        "inference mode": Own(_inference),
    }
    return {name: module.eval() for name, module in found.items()}


class Model(nn.Module):
    """Two layers over token ids, like nanoGPT: the ids, a position table, residuals, a head, a tuple as result."""

    def __init__(self, make: Callable[[], nn.Module] = lambda: modules()["the kernel"]) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(64, WIDTH)
        self.layers = nn.ModuleList([make(), make()])
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, idx: Tensor, targets: Tensor | None = None) -> tuple[Tensor, Any]:
        """Return logits and no loss."""
        states = self.wte(idx) + self.wpe(torch.arange(idx.shape[1]))
        for layer in self.layers:
            states = states + layer(states)
        return self.head(states), targets
