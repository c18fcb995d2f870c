"""Tier 3: attention written out by hand, a softmax between two products, and kernels called inside of torch.

A mode of this thread sees every operation. Scores are what comes of a product of two activations; where their softmax
is multiplied with values, that is an attention call, whatever the model's code looks like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from headscope.tracing.hooks import active_recorder as current
from headscope.tracing.hooks.active_recorder import Observer
from headscope.tracing.hooks.calls import FEATURES, Origin
from headscope.tracing.hooks.followed_axes import COLUMNS, Laid, carried, laid, of_product, query_axis, varying
from headscope.tracing.hooks.joins import JOIN, PICKS, STACK
from headscope.tracing.hooks.kernel import kernel_call
from headscope.tracing.hooks.memory_places import place
from headscope.tracing.hooks.origins import tensors_in
from headscope.tracing.hooks.shapes import lengths_of
from headscope.tracing.hooks.weighted_values import (
    CHAIN,
    COMPOUND,
    IN_PARTS,
    LATE,
    NO_SOFTMAX,
    POWER,
    SPARSE,
    TWICE,
    Softmaxed,
    doubt,
    is_softmax,
    of_positions,
    refuse,
    summed,
    take,
)

PRODUCTS = {"aten::bmm": (0, 1), "aten::mm": (0, 1), "aten::baddbmm": (1, 2)}
"""The products of matrices, and the places of their factors among the arguments."""

PROJECTIONS = {"aten::addmm", "aten::convolution"}
"""Operations after which the outcome of one attention may be the values of the next."""

SOFTMAXES = {"aten::_softmax", "aten::_safe_softmax", "aten::softmax"}

EXPONENTIALS = {"aten::exp", "aten::exp_"}
"""A softmax may be written as the exponentials divided by their sum, or as those of a `_log_softmax`."""

KERNELS = {
    "aten::_scaled_dot_product_flash_attention_for_cpu": ("dropout_p", "is_causal"),
    "aten::_scaled_dot_product_flash_attention": ("dropout_p", "is_causal"),
    "aten::_scaled_dot_product_efficient_attention": ("attn_mask", "compute_log_sumexp", "dropout_p", "is_causal"),
    "aten::_scaled_dot_product_cudnn_attention": ("attn_mask", "compute_log_sumexp", "dropout_p", "is_causal"),
    "aten::_scaled_dot_product_fused_attention_overrideable": ("attn_mask", "dropout_p", "is_causal"),
}
"""Torch's own kernels, and their arguments after query, key and value."""


WATCHED = {*PRODUCTS, *KERNELS, JOIN, STACK, *PICKS}
"""The operations to see even where nothing is known yet: attention begins with them, or positions change."""


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
        self._attended: dict[int, Softmaxed] = {}
        """Where products of weights and values lie, and the weights."""
        self._laid: dict[int, Laid | None] = {}
        """How the axes of scores and weights lie in their memory."""
        self._free_exponentials: set[int] = set()
        """Where exponentials of other numbers than products lie."""
        self._weighed: tuple[int, Tensor, Tensor] | None = None
        """Where the newest weighted values lie that are no product of matrices, with the weights and the values."""

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
        if name in (JOIN, STACK) or name in PICKS:
            recorder.watch.joins.note(name, args, self._fixed)
        results, given = tensors_in([result]), tensors_in((*args, *options.values()))
        recorder.origins.follow(name, given, results, self._fixed)
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
        if name == "aten::_sparse_softmax":
            doubt(recorder, SPARSE, certain=True)
        if at is None:
            return
        if name in PRODUCTS:
            one, other = (args[number] for number in PRODUCTS[name])
            self._product(recorder, name, (one, other), result, at)
            return
        if recorder.layout.generic and self._free_softmax(name, args, result, at):
            return
        if not self._knows_any():
            return
        if name in ("aten::mul", "aten::sum") and self._weighs(recorder, name, args, result, at):
            return
        given = tensors_in(args[1:] if name == "aten::copy_" else args)  # what was there before is gone
        if at in map(place, given) and name not in EXPONENTIALS:  # a view, or an operation in place
            return
        same = [part for part in given if part.numel() == result.numel() or name == JOIN]
        places = [-1 if (one := place(part)) is None else one for part in same]
        laid_as = self._carried(same, places, result)
        if places and self._softmaxed(recorder, name, args, result, places[0], at, laid_as):
            return
        weights = next((self._weights[one] for one in places if one in self._weights), None)
        scores = next((self._scores[one] for one in places if one in self._scores), None)
        attended = next((self._attended[one] for one in places if one in self._attended), None)
        self._forget(at)
        if weights is not None:
            self._weights[at] = weights
        elif scores is not None:
            self._scores[at] = scores
            if any(one in self._projected for one in places):
                self._projected.add(at)
        if weights is not None or scores is not None:
            self._laid[at] = laid_as
        if attended is not None and name not in PROJECTIONS:
            self._attended[at] = attended

    def _free_softmax(self, name: str, args: Sequence[Any], result: Tensor, at: int) -> bool:
        """Follow a softmax of other numbers than products, which may be weights too; return whether this is one."""
        tensors = tensors_in(args)
        before = place(tensors[0]) if tensors else None
        if before in self._scores or before in self._exponentials or before in self._weights:
            return False
        axis: int | None = None
        if name in SOFTMAXES:
            axis = int(args[1])
        elif name in EXPONENTIALS and before not in self._logarithms:
            self._free_exponentials.add(at)
        elif name == "aten::div" and before in self._free_exponentials and len(tensors) == 2:
            shape = tensors[1].shape
            axis = next((one for one in range(-len(shape), 0) if shape[one] == 1 != result.shape[one]), None)
        if axis is not None and -result.dim() <= axis < result.dim():
            self._forget(at)
            axis = axis if axis < 0 else axis - result.dim()
            self._weights[at] = Softmaxed(result.shape, axis, free=True)
            self._laid[at] = laid(result, range(result.dim()))
            return True
        return False

    def _weighs(self, recorder: Observer, name: str, args: Sequence[Any], result: Tensor, at: int) -> bool:
        """Follow values that are multiplied with weights of other axes and summed; return whether this is the sum."""
        if name == "aten::mul":
            pair = tensors_in(args)
            if len(pair) < 2 or pair[0].dim() != pair[1].dim() or pair[0].shape == pair[1].shape:
                return False
            for weights, value in (pair, pair[::-1]):
                known = self._weights.get(place(weights) or 0)
                if known is not None and place(value) not in self._weights and place(value) not in self._fixed:
                    ones = [axis for axis in range(result.dim()) if weights.shape[axis] == value.shape[axis] == 1]
                    if known.shape[known.axis] == 1 and ones:  # of a single key there is no sum
                        return self._sums(recorder, known, (weights, value, result), at, ones[-1])
                    self._weighed = at, weights, value
            return False
        if self._weighed is None or self._weighed[0] != place(args[0]) or len(args) < 2 or len(args[1] or ()) != 1:
            return False
        (_, weights, value), self._weighed = self._weighed, None
        known = self._weights.get(place(weights) or 0)
        return known is not None and self._sums(recorder, known, (weights, value, result), at, args[1][0])

    def _sums(
        self, recorder: Observer, known: Softmaxed, parts: tuple[Tensor, Tensor, Tensor], at: int, axis: int
    ) -> bool:
        """Record weights that were multiplied with values and summed over an axis; return whether they are weights."""
        found, laid_as = summed(known, *parts, axis), self._laid.get(place(parts[0]) or 0)
        if found is None:
            return False
        sure = of_positions(recorder, known, (found[0], found[1]), laid_as) if known.free else known
        if sure is None:
            return False
        self._attend(recorder, sure, (found[0], found[1]), found[2], left=True)
        self._scores.clear()
        self._forget(at)
        self._attended[at] = sure
        return True

    def _carried(self, given: Sequence[Tensor], places: Sequence[int], result: Tensor) -> Laid | None:
        """Return how the result of an operation lies, if all scores or weights that went into it say the same."""
        known = [(part, self._laid[one]) for part, one in zip(given, places, strict=True) if one in self._laid]
        found = [carried(part, result, axes) for part, axes in known]
        return found[0] if found and all(one == found[0] for one in found) else None

    def _softmaxed(
        self,
        recorder: Observer,
        name: str,
        args: Sequence[Any],
        result: Tensor,
        before: int,
        at: int,
        laid_as: Laid | None,
    ) -> bool:
        """Follow a softmax of scores, whole or in its steps; return whether this is one."""
        scores = self._scores.get(before)
        if name in EXPONENTIALS and (before in self._logarithms or scores is not None):
            logarithm = self._logarithms.get(before)
            self._forget(at)
            self._laid[at] = laid_as
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
                self._weighted(self._weights, recorder, result, at, summed[0], origins, laid_as)
            else:
                self._exponentials[at] = origins
            return True
        if scores is None or not (name in SOFTMAXES or name == "aten::_log_softmax"):
            return False
        axis = int(args[1])
        self._forget(at)
        kind = self._weights if name in SOFTMAXES else self._logarithms
        self._weighted(kind, recorder, result, at, axis if axis < 0 else axis - result.dim(), scores, laid_as)
        self._scores.pop(before, None)
        return True

    def _weighted(
        self,
        kind: dict[int, Softmaxed],
        recorder: Observer,
        result: Tensor,
        at: int,
        axis: int,
        origins: tuple[Origin, Origin],
        laid_as: Laid | None,
    ) -> None:
        """Remember the softmax of scores; from now on its own axes are followed."""
        positions = lengths_of(recorder.watch.stack, recorder.layout.size)
        kind[at] = Softmaxed(result.shape, axis, origins, query_axis(result, laid_as, axis, positions))
        self._laid[at] = laid(result, range(result.dim()))

    def _forget(self, at: int) -> None:
        self._laid.pop(at, None)
        self._attended.pop(at, None)
        self._projected.discard(at)
        self._free_exponentials.discard(at)
        for known in (self._scores, self._exponentials, self._logarithms, self._weights):
            known.pop(at, None)

    def _product(self, recorder: Observer, name: str, factors: tuple[Tensor, Tensor], result: Tensor, at: int) -> None:
        places = [-1 if one is None else one for one in map(place, factors)]
        for number in (0, 1):
            known, partner = self._weights.get(places[number]), places[1 - number]
            if known is not None and known.free and partner not in self._fixed:
                turned = [
                    part if number == 0 else part.transpose(-1, -2) for part in (factors[number], factors[1 - number])
                ]
                known = of_positions(recorder, known, (turned[0], turned[1]), self._laid.get(places[number]))
                if known is None:
                    continue
            if known is None and partner not in self._weights:
                known = self._own_softmax(recorder, factors[number], places[number], partner, left=number == 0)
            if known is None:
                continue
            if partner in self._fixed:  # weights of several heads, mixed by a parameter
                self._forget(at)
                self._weights[at] = known
                return
            self._attend(recorder, known, factors, result, left=number == 0)
            self._scores.clear()
            self._forget(at)
            self._attended[at] = known
            return
        self._forget(at)
        if name == "aten::bmm" or not set(places) & self._fixed:  # queries may be parameters, which no layer applies
            origins = recorder.origins.of_call(factors[0], factors[1].transpose(-1, -2))
            self._scores[at] = origins
            self._laid[at] = of_product(result)
            if name != "aten::bmm" or set(places) & self._fixed:  # one matrix may be an offloaded parameter
                self._projected.add(at)
            recorder.origins.put(result, ())

    def _own_softmax(self, recorder: Observer, factor: Tensor, at: int, partner: int, left: bool) -> Softmaxed | None:
        """Return what is known of a factor that came of scores, if it is a softmax, whatever operations made it."""
        origins = self._exponentials.get(at, self._scores.get(at))
        if origins is None or at in self._projected or partner in self._fixed:
            return None
        weights = factor if left else factor.transpose(-1, -2)
        if not is_softmax(weights):
            doubt(recorder, LATE if at in self._exponentials else NO_SOFTMAX, certain=at in self._exponentials)
            return None
        laid_as = self._laid.pop(at, None)
        turned = laid_as is not None and COLUMNS in varying(weights, laid_as)[-2]
        return Softmaxed(factor.shape, -1 if left else -2, origins[::-1] if turned == left else origins)

    def _attend(
        self, recorder: Observer, known: Softmaxed, factors: tuple[Tensor, Tensor], result: Tensor, left: bool
    ) -> None:
        """Record a product of weights with values."""
        weights, value = factors if left else factors[::-1]
        at = place(value)
        rows = known.origins if known.axis == -1 else known.origins[::-1]
        recorder.origins.put(result, recorder.origins.of(value) if FEATURES in rows else rows[0])
        known.in_parts += weights.shape[-1 if left else -2] < known.shape[known.axis]
        if known.in_parts > 1:
            refuse(recorder, IN_PARTS)
        elif at in self._weights:
            refuse(recorder, POWER if self._weights[at or 0] is known else COMPOUND)
        elif at in self._attended:
            refuse(recorder, TWICE if self._attended[at or 0] is known else CHAIN)
        elif at not in self._scores or at in self._projected:  # else keys times values came first: linear attention
            parts = (weights, value, result)
            if not left:  # values @ weights, both transposed, as einsum writes some products
                parts = tuple(part.transpose(-1, -2) for part in parts)  # type: ignore[assignment]  # three as before
            take(recorder, known, parts, rows, self._laid.get(place(weights) or 0))
