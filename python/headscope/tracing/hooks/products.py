"""Tier 3: attention written out by hand, a softmax between two products, and kernels called inside of torch.

A mode of this thread sees every operation. Scores are what comes of a product of two activations; where their softmax
is multiplied with values, that is an attention call, whatever the model's code looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from headscope.tracing.hooks import active_recorder as current
from headscope.tracing.hooks.active_recorder import Observer
from headscope.tracing.hooks.calls import AttentionCall, Origin
from headscope.tracing.hooks.joins import JOIN, PICKS
from headscope.tracing.hooks.kernel import kernel_call
from headscope.tracing.hooks.modules import num_streams
from headscope.tracing.hooks.origins import place, tensors_in
from headscope.tracing.hooks.shapes import axes_of_call

PRODUCTS = {"aten::bmm": (0, 1), "aten::mm": (0, 1), "aten::baddbmm": (1, 2)}
"""The products of matrices, and the places of their factors among the arguments."""

PROJECTIONS = {"aten::addmm", "aten::convolution"}
"""Operations after which the outcome of one attention may be the values of the next."""

SOFTMAXES = {"aten::_softmax", "aten::_safe_softmax"}

EXPONENTIALS = {"aten::exp", "aten::exp_"}
"""A softmax may be written as the exponentials divided by their sum, or as those of a `_log_softmax`."""

NEAR_ONE = 1e-2
"""How far a row of weights may be from a sum of one, if it is not the last axis that the softmax was taken over."""

KERNELS = {
    "aten::_scaled_dot_product_flash_attention_for_cpu": ("dropout_p", "is_causal"),
    "aten::_scaled_dot_product_flash_attention": ("dropout_p", "is_causal"),
    "aten::_scaled_dot_product_efficient_attention": ("attn_mask", "compute_log_sumexp", "dropout_p", "is_causal"),
    "aten::_scaled_dot_product_cudnn_attention": ("attn_mask", "compute_log_sumexp", "dropout_p", "is_causal"),
    "aten::_scaled_dot_product_fused_attention_overrideable": ("attn_mask", "dropout_p", "is_causal"),
}
"""Torch's own kernels, and their arguments after query, key and value."""


WATCHED = {*PRODUCTS, *KERNELS, JOIN, *PICKS}
"""The operations to see even where nothing is known yet: attention begins with them, or positions change."""

COMPOUND = (
    "{} multiplies the softmax of some scores with that of others, as in attention over landmarks: there is no one "
    "matrix of queries by keys to show."
)


IN_PARTS = (
    "{} takes one softmax over several groups of keys and multiplies each with values of its own, as attention in "
    "blocks with global tokens does: there is no one matrix of queries by keys to show."
)


@dataclass
class Softmaxed:
    """The softmax of scores that came of a product of queries and keys."""

    shape: torch.Size
    axis: int
    """The axis over which the softmax was taken, counted from the end: -1 is the last."""
    origins: tuple[Origin, Origin] = ((), ())
    """The arguments whose positions the rows and the columns of the scores have."""
    in_parts: int = 0
    """How often some of its keys, but not all, have been multiplied with values."""


class SeesProducts(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
    """Records attention that is computed step by step; every operation runs as it would without it.

    Tensors are known by the memory that they lie in, and forgotten once an unrelated result lies there.

    Parameters
    ----------
    parameters
        The model's parameters: a product with one of them is a projection.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's own
        # Torch asks every mode to say that it lets operators such as flex attention through.
        self.supports_higher_order_operators = True
        self._fixed = {at for parameter in parameters if (at := place(parameter)) is not None}
        self._scores: dict[int, tuple[Origin, Origin]] = {}
        """Where scores lie, and the arguments whose positions their rows and columns have."""
        self._projected: set[int] = set()
        """Those among them that came of a product with a parameter: they may as well be values."""
        self._exponentials: dict[int, tuple[Origin, Origin]] = {}
        self._logarithms: dict[int, Softmaxed] = {}
        self._weights: dict[int, Softmaxed] = {}
        self._attended: set[int] = set()
        """Where products of weights and values lie."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Whether torch guards each operation against its compiler: no, a capture never compiles, and it costs much."""
        return False

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        recorder = current.recorder()
        if recorder is None:
            result = func(*args, **options)
            self._forget_results(args, result)
            return result
        name = getattr(func, "_name", "").partition(".")[0]
        if torch.is_inference_mode_enabled() and name not in KERNELS:
            whole = self._in_steps(func, args, options)
            if whole is not NotImplemented:
                return whole
        if name not in WATCHED and not self._knows_any() and not recorder.origins.follows:
            return func(*args, **options)
        if name in KERNELS:
            with current.in_kernel():
                result = func(*args, **options)
            self._forget_results(args, result)
            named = dict(zip(("query", "key", "value", *KERNELS[name]), args, strict=False)) | options
            call = kernel_call(recorder, named, result[0])
            if call is not None:
                recorder.take(call)
            return result
        result = func(*args, **options)
        if name == JOIN or name in PICKS:
            recorder.watch.joins.note(name, args, self._fixed)
        results, given = tensors_in([result]), tensors_in((*args, *options.values()))
        recorder.origins.follow(name, given, results)
        if isinstance(result, Tensor):
            self._follow(recorder, name, args, result)
        else:
            self._forget_results(args, result)
        return result

    def _forget_results(self, args: tuple[Any, ...], result: Any) -> None:
        """Forget what lay where an operation has now put other results."""
        if self._knows_any():
            given = set(map(place, tensors_in(args)))
            for part in tensors_in([result]):
                at = place(part)
                if at is not None and at not in given:
                    self._forget(at)

    def _in_steps(self, func: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Run an operation as the smaller ones that it consists of: inference mode hands over whole ones."""
        if not isinstance(func, torch._ops.OpOverload) or not func._can_decompose():
            return NotImplemented
        with self:
            return func.decompose(*args, **options)

    def _knows_any(self) -> bool:
        return bool(self._scores or self._weights or self._attended or self._exponentials or self._logarithms)

    def _follow(self, recorder: Observer, name: str, args: tuple[Any, ...], result: Tensor) -> None:
        at = place(result)
        if at is None:
            return
        if name in PRODUCTS:
            one, other = (args[number] for number in PRODUCTS[name])
            self._product(recorder, name, (one, other), result, at)
            return
        if not self._knows_any():
            return
        given = tensors_in(args)
        if at in map(place, given) and name not in EXPONENTIALS:  # a view, or an operation in place
            return
        same = [place(part) for part in given if part.numel() == result.numel() or name == JOIN]
        places = [-1 if one is None else one for one in same]
        if places and self._softmaxed(name, args, result, places[0], at):
            return
        weights = next((self._weights[one] for one in places if one in self._weights), None)
        scores = next((self._scores[one] for one in places if one in self._scores), None)
        attended = name not in PROJECTIONS and any(one in self._attended for one in places)
        self._forget(at)
        if weights is not None:
            self._weights[at] = weights
        elif scores is not None:
            self._scores[at] = scores
            if any(one in self._projected for one in places):
                self._projected.add(at)
        if attended:
            self._attended.add(at)

    def _softmaxed(self, name: str, args: Sequence[Any], result: Tensor, before: int, at: int) -> bool:
        """Follow a softmax of scores, whole or in its steps; return whether this is one."""
        scores = self._scores.get(before)
        if name in EXPONENTIALS and (before in self._logarithms or scores is not None):
            logarithm = self._logarithms.get(before)
            self._forget(at)
            if logarithm is not None:
                self._weights[at] = logarithm
            elif scores is not None:
                self._exponentials[at] = scores
            return True
        if name in ("aten::div", "aten::mul") and before in self._exponentials and len(tensors_in(args)) == 2:
            origins, shape = self._exponentials[before], tensors_in(args)[1].shape
            summed = [axis for axis in range(-len(shape), 0) if shape[axis] == 1 != result.shape[axis]]
            self._forget(at)
            if len(summed) == 1:
                self._weights[at] = Softmaxed(result.shape, summed[0], origins)
            return True
        if scores is None or not (name in SOFTMAXES or name == "aten::_log_softmax"):
            return False
        axis = int(args[1])
        found = Softmaxed(result.shape, axis if axis < 0 else axis - result.dim(), scores)
        self._forget(at)
        (self._weights if name in SOFTMAXES else self._logarithms)[at] = found
        self._scores.pop(before, None)
        return True

    def _forget(self, at: int) -> None:
        self._attended.discard(at)
        self._projected.discard(at)
        for known in (self._scores, self._exponentials, self._logarithms, self._weights):
            known.pop(at, None)

    def _product(self, recorder: Observer, name: str, factors: tuple[Tensor, Tensor], result: Tensor, at: int) -> None:
        places = [-1 if one is None else one for one in map(place, factors)]
        for number in (0, 1):
            known, partner = self._weights.get(places[number]), places[1 - number]
            if known is None:
                continue
            if partner in self._fixed:  # weights of several heads, mixed by a parameter
                self._forget(at)
                self._weights[at] = known
                return
            self._attend(recorder, known, factors, result, left=number == 0)
            self._scores.clear()
            self._forget(at)
            self._attended.add(at)
            return
        self._forget(at)
        if name == "aten::bmm" or not set(places) & self._fixed:  # queries may be parameters, which no layer applies
            origins = recorder.origins.of(factors[0]), recorder.origins.of(factors[1])
            self._scores[at] = origins
            if name != "aten::bmm" or set(places) & self._fixed:  # one matrix may be an offloaded parameter
                self._projected.add(at)
            recorder.origins.put(result, ())

    def _attend(
        self, recorder: Observer, known: Softmaxed, factors: tuple[Tensor, Tensor], result: Tensor, left: bool
    ) -> None:
        """Record a product of weights with values."""
        weights, value = factors if left else factors[::-1]
        at = place(value)
        rows = known.origins if known.axis == -1 else known.origins[::-1]
        recorder.origins.put(result, rows[0])
        known.in_parts += weights.shape[-1 if left else -2] < known.shape[known.axis]
        if known.in_parts > 1:
            _refuse(recorder, IN_PARTS)
        elif at in self._weights or at in self._attended:
            _refuse(recorder, COMPOUND)
        elif at not in self._scores or at in self._projected:  # else keys times values came first: linear attention
            self._take(recorder, known, (weights, value, result), rows, left)

    def _take(
        self,
        recorder: Observer,
        known: Softmaxed,
        parts: tuple[Tensor, Tensor, Tensor],
        origins: tuple[Origin, Origin],
        left: bool,
    ) -> None:
        module = recorder.watch.running()
        if module is None:
            return
        if not left:  # values @ weights, both transposed, as einsum writes some products
            parts = tuple(part.transpose(-1, -2) for part in parts)  # type: ignore[assignment]  # three as before
        if known.axis != -1 and not _rows_sum_to_one(parts[0]):
            return
        sizes = known.shape[-2:] == parts[0].shape[-2:] or known.shape[-2:] == parts[0].shape[:-3:-1]
        lead = known.shape[:-2] if sizes and known.shape[:-2].numel() == parts[0].shape[:-2].numel() else None
        led = [_led(part, lead) for part in parts]
        streams = num_streams(module)
        if led[0].dim() == 5 and led[0].shape[1] == streams:
            for stream in range(streams):
                self._call(recorder, module, [part[:, stream] for part in led], origins)
        else:
            self._call(recorder, module, led, origins)

    @staticmethod
    def _call(
        recorder: Observer, module: torch.nn.Module, led: Sequence[Tensor], origins: tuple[Origin, Origin]
    ) -> None:
        """Record a call from its weights, its values and its output."""
        axes = axes_of_call(led[0], led[0].shape[-1], recorder.watch.stack, recorder.layout)
        full, values, output = (axes.four(part) for part in led)
        if full is None or values is None or output is None:
            return
        recorder.take(
            AttentionCall(
                module=module,
                kind="softmax",
                tier=3,
                query=None,
                key=None,
                value=values,
                mask=None,
                output=output.transpose(1, 2),
                weights=full,
                origins=origins,
            )
        )


def _refuse(recorder: Observer, reason: str) -> None:
    module = recorder.watch.running()
    if module is not None:
        recorder.refuse(module, reason.format(type(module).__name__))


def _rows_sum_to_one(weights: Tensor) -> bool:
    sums = weights.flatten(0, -2)[:64].float().sum(-1)
    return bool(((sums - 1).abs() < NEAR_ONE).all())


def _led(tensor: Tensor, lead: torch.Size | None) -> Tensor:
    """Return a tensor whose axes before the last two are those that the softmax had, such as batch and heads."""
    return tensor if lead is None else tensor.reshape(*lead, *tensor.shape[-2:])
