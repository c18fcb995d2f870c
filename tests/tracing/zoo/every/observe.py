"""Attention as a model computes it, seen independently of Headscope.

Three functions are watched while a model runs: what transformers' attention interface returns, torch's fused kernel,
and softmax. The weights of the first two come from the function itself: it is called once more with an identity matrix
in place of the values, so that its output is its weights, whatever its rules are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, cast
from unittest.mock import patch

import torch
from torch import Tensor
from transformers import AttentionInterface

import torch.nn.functional as F  # noqa: N812  isort: skip

HEADS_BEFORE_WINDOWS = ("HieraMaskUnitAttention", "Gemma3nAudioAttention", "Gemma4AudioAttention")
"""The modules whose weights have five axes of which the second counts heads and the third windows."""
STREAMS_BEFORE_HEADS = ("ProphetNetNgramSelfAttention",)
"""The modules that attend for several streams at once: the second axis counts them, the third heads."""
FIELDS = ("attentions", "encoder_attentions", "decoder_attentions", "cross_attentions")


@dataclass
class Call:
    """One call of an attention function."""

    modules: tuple[str, ...]
    """The modules that were running, the outermost first."""
    weights: Tensor
    """Shape (texts or windows, heads, queries, keys)."""
    kind: str
    """`"interface"`, `"kernel"` or `"softmax"`."""
    proof: float = 0.0
    """The largest difference between weights @ values and what the function returned."""


@dataclass
class Seen:
    """What one run did."""

    calls: list[Call] = field(default_factory=list)
    returned: list[Tensor] = field(default_factory=list)
    """The weights that the model returned."""
    outputs: Any = None

    def of(self, module: str, *kinds: str) -> list[Call]:
        """Return the calls within a module."""
        return [call for call in self.calls if module in call.modules and call.kind in kinds]


def observe(model: Any, inputs: dict[str, Any], implementation: str | None = None, returned: bool = False) -> Seen:
    """Run a model and return its attention.

    Parameters
    ----------
    model, inputs
        A model and what it is called with.
    implementation
        The attention implementation; as loaded by default.
    returned
        Whether to ask for the weights too.
    """
    wanted = {"output_attentions": True} if returned else {}
    with nullcontext() if implementation is None else _implementation(model, implementation):
        seen = observed(model, lambda: model(**inputs, **wanted))
    for name in FIELDS if returned else ():
        for weights in seen.outputs.get(name) or () if hasattr(seen.outputs, "get") else ():
            if isinstance(weights, Tensor):
                seen.returned.append(weights.detach())
    return seen


def observed(model: Any, run: Callable[[], Any]) -> Seen:
    """Return the attention of a model while a function runs it."""
    seen = Seen()
    torch.manual_seed(0)
    with torch.no_grad(), _Watch(model, seen).watching():
        seen.outputs = run()
    return seen


class _Watch:
    def __init__(self, model: Any, seen: Seen) -> None:
        self.model, self.seen = model, seen
        self.names = {id(module): name for name, module in model.named_modules()}
        self.running: list[str] = []
        self.inside = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch a model while it runs."""
        fast = torch.backends.mha.get_fastpath_enabled()
        with ExitStack() as undo:
            for module in self.model.modules():
                undo.callback(module.register_forward_pre_hook(self._enter).remove)
                undo.callback(module.register_forward_hook(self._leave, always_call=True).remove)
            undo.callback(torch.backends.mha.set_fastpath_enabled, fast)
            torch.backends.mha.set_fastpath_enabled(False)
            look_up, watch = AttentionInterface.get_interface, self

            def get_interface(self: Any, *arguments: Any, **options: Any) -> Any:
                return watch._of_interface(look_up(self, *arguments, **options))

            undo.enter_context(patch.object(AttentionInterface, "get_interface", get_interface))
            undo.enter_context(
                patch.object(F, "scaled_dot_product_attention", self._of_kernel(F.scaled_dot_product_attention))
            )
            for owner in (torch, F, Tensor):
                undo.enter_context(patch.object(owner, "softmax", self._of_softmax(owner.softmax)))
            yield

    def _enter(self, module: Any, _inputs: Any) -> None:
        self.running.append(self.names[id(module)])

    def _leave(self, _module: Any, _inputs: Any, _output: Any) -> None:
        self.running.pop()

    def _take(self, kind: str, weights: Tensor, proof: float = 0.0, module: Any = None) -> None:
        modules = tuple(self.running)
        name = self.names.get(id(module), "")
        self.seen.calls.append(
            Call((*modules, name) if name and name not in modules else modules, weights.detach().clone(), kind, proof)
        )

    def _in_four_axes(self, weights: Tensor) -> list[Tensor]:
        module = self.model.get_submodule(self.running[-1]) if self.running and weights.dim() == 5 else None
        if type(module).__name__ in STREAMS_BEFORE_HEADS:
            return list(weights.unbind(1))
        return [weights.transpose(1, 2) if type(module).__name__ in HEADS_BEFORE_WINDOWS else weights]

    def _of_interface(self, own: Any) -> Any:
        def attend(
            module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Any = None, *arguments: Any, **options: Any
        ) -> Any:
            if self.inside:
                return own(module, query, key, value, mask, *arguments, **options)
            self.inside = True
            try:
                mask = options.pop("attention_mask", mask)
                output = own(module, query, key, value, mask, *arguments, **options)
                again = options | ({"dropout": 0.0} if "dropout" in options else {})
                try:
                    weights = own(module, query, key, identity(value), mask, *arguments, **again)[0].transpose(1, 2)
                    proof = _proof(weights, value, output[0].transpose(1, 2))
                except (RuntimeError, IndexError, AttributeError):
                    weights, proof = output[1], 0.0
                    if weights is None:
                        raise
                self._take("interface", weights, proof, module)
                return output
            finally:
                self.inside = False

        return attend

    def _of_kernel(self, own: Any) -> Any:
        def scaled_dot_product_attention(
            query: Tensor, key: Tensor, value: Tensor, *arguments: Any, **options: Any
        ) -> Tensor:
            output: Tensor = own(query, key, value, *arguments, **options)
            if not self.inside:
                weights = own(query, key, identity(value), *arguments, **options)
                proof = _proof(weights, value, output)
                self._take("kernel", weights if weights.dim() == 4 else weights[:, None], proof)
            return output

        return scaled_dot_product_attention

    def _of_softmax(self, own: Any) -> Any:
        def softmax(*arguments: Any, **options: Any) -> Tensor:
            if self.inside:  # torch's own functions call each other
                return cast(Tensor, own(*arguments, **options))
            self.inside = True
            try:
                weights: Tensor = own(*arguments, **options)
            finally:
                self.inside = False
            if weights.dim() >= 3:
                for part in self._in_four_axes(weights):
                    self._take("softmax", part)
            return weights

        return softmax


def identity(value: Tensor) -> Tensor:
    """Return values of which weights @ values are the weights."""
    keys = value.shape[-2]
    return torch.eye(keys, dtype=value.dtype).expand(*value.shape[:-1], keys)


def _proof(weights: Tensor, value: Tensor, output: Tensor) -> float:
    """Return the largest difference of weights @ values from what a function returned."""
    groups = weights.shape[-3] // value.shape[-3] if value.dim() > 2 else 1
    value = value.repeat_interleave(groups, -3) if groups > 1 else value
    if weights.shape[:-2] != value.shape[:-2]:
        return 0.0  # the function has a layout of its own
    found = weights @ value
    return float((found - output).abs().max()) if found.shape == output.shape and found.numel() else 0.0


@contextmanager
def _implementation(model: Any, name: str) -> Iterator[None]:
    """Switch every part of a model to an implementation."""
    configs = list({id(m.config): m.config for m in model.modules() if hasattr(m, "config")}.values())
    inner = [
        value
        for config in configs
        for value in vars(config).values()
        if hasattr(value, "_attn_implementation_internal")
    ]
    configs = list({id(config): config for config in [*configs, *inner]}.values())
    before = [config._attn_implementation_internal for config in configs]
    try:
        for config in configs:
            config._attn_implementation_internal = name
        yield
    finally:
        for config, implementation in zip(configs, before, strict=True):
            config._attn_implementation_internal = implementation
