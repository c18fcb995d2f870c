"""Write a text once more, token by token, and record the attention of each step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import Record, pieces_of
from headscope.tracing.generation.steps import Steps, logits_of
from headscope.tracing.hooks.batch_layout import BatchLayout
from headscope.tracing.hooks.calls import AttentionCall
from headscope.tracing.hooks.labels import Labeller
from headscope.tracing.hooks.model_state import capturing, evaluation, without_compiling, without_lasting_hooks
from headscope.tracing.hooks.module_stack import Watch
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.hooks.observing import observing
from headscope.tracing.hooks.origins import Origins
from headscope.tracing.hooks.recorded import Batch, Layer
from headscope.tracing.hooks.recorder import Recorder
from headscope.tracing.inner_model import accepted, inner_model

OF_THE_STEPS = ("use_cache", "cache_implementation", "cache_config")
"""Options of `generate` that change what a step computes; the others choose tokens, which are known here."""

NEVER = 1 << 40
"""An id that no vocabulary has: the text ends with its last token and not before."""


@dataclass(frozen=True)
class Script:
    """A text that a model wrote, and how to let it write the same again."""

    model: Any
    """The model, which has `generate`."""
    arguments: Mapping[str, Any]
    """The inputs of the prompt: a batch of one, with its padding."""
    options: Mapping[str, Any]
    """The user's options of `generate`."""
    ids: Tensor
    """The generated ids, shape (steps,)."""

    @property
    def repeatable(self) -> Mapping[str, Any]:
        """The options with which the same steps run: those of caches, and arguments of the model itself."""
        config = self.options.get("generation_config")
        chosen = {name: getattr(config, name, None) for name in OF_THE_STEPS}
        chosen |= {name: self.options[name] for name in (*OF_THE_STEPS, *accepted(self.model)) if name in self.options}
        return {name: value for name, value in chosen.items() if value is not None}


class StepWeights(ArrayRecord):
    """The rows that a step adds to a layer: all rows of the first step, the last row of each other one."""

    def __init__(self, record: Record, step: int) -> None:
        self.step, self.num_rows = step, record.num_queries
        rows = slice(0 if step == 0 else self.num_rows - 1, self.num_rows)
        found = record.weights(range(record.num_heads), rows, slice(0, record.num_keys))
        super().__init__(found, record.module)


class StepRecorder(Recorder):
    """Records the rows of each step of a generation.

    Parameters
    ----------
    modules
        The modules of the model.
    steps
        The model whose forward is one step; attention outside of it, as in an encoder, is left out.
    """

    def __init__(self, modules: Modules, steps: torch.nn.Module) -> None:
        batch = Batch(size=1, row=0, unpadded={})
        super().__init__(Labeller(modules), Watch(modules), batch, None, BatchLayout(), Origins({}))
        self._steps = steps
        self.step = -1

    def take(self, seen: AttentionCall) -> None:
        """Record one call of a step."""
        if any(frame.module is self._steps for frame in self.watch.stack):
            super().take(seen)

    def _owned(self, piece: Record) -> Record:
        return StepWeights(piece, self.step) if len(pieces_of(piece)) == 1 else super()._owned(piece)


@dataclass
class Repeated:
    """What the steps of a generation computed."""

    layers: dict[str, dict[int, list[Layer]]]
    """The calls of each module, by the number of the step."""
    said: Steps
    """What each step said about the next token."""
    logits: list[Tensor] = field(default_factory=list)
    """The logits of each step, shape (positions, vocabulary)."""


def repeated(script: Script, modules: Modules, *, logits: bool) -> Repeated | None:
    """Let the model write a text again and record its steps; None if it does not repeat them.

    There is one step more than generated tokens: it reads the last one, whose row the text shows too.

    Parameters
    ----------
    script
        The text.
    modules
        The modules of the model that wrote it.
    logits
        Whether to keep the logits of all positions.
    """
    steps = inner_model(script.model) or script.model
    recorder, said, kept = StepRecorder(modules, steps), Steps(), list[Tensor]()
    options = dict(script.repeatable)
    if logits and "logits_to_keep" in accepted(script.model):
        options["logits_to_keep"] = 0
    with (
        capturing(),
        evaluation(modules),
        without_lasting_hooks(modules),
        without_compiling(),
        _counted(steps, recorder, said, kept if logits else None),
        observing(modules, recorder),
    ):
        try:
            output = script.model.generate(
                **{**script.arguments, **options},
                max_new_tokens=len(script.ids) + 1,
                do_sample=False,
                num_beams=1,
                eos_token_id=NEVER,
                pad_token_id=0,
                logits_processor=_processors(script.ids),
            )
        except Exception:  # a generation of the model's own making, which takes other options
            recorder.clear()
            return None
    if not isinstance(output, Tensor) or recorder.step != len(script.ids) or recorder.refused:
        return None
    if output[0, -len(script.ids) - 1 : -1].tolist() != script.ids.tolist():
        return None
    found: defaultdict[str, defaultdict[int, list[Layer]]] = defaultdict(lambda: defaultdict(list))
    for layer in recorder.layers:
        if not isinstance(layer.record, StepWeights):
            return None
        found[layer.module][layer.record.step].append(layer)
    return Repeated({module: dict(by_step) for module, by_step in found.items()}, said, kept)


@contextmanager
def _counted(
    module: torch.nn.Module, recorder: StepRecorder, said: Steps, logits: list[Tensor] | None
) -> Iterator[None]:
    """Count the steps, and take down what each says."""

    def begin(_module: torch.nn.Module, _arguments: tuple[Any, ...]) -> None:
        recorder.step += 1

    def end(_module: torch.nn.Module, _arguments: tuple[Any, ...], output: Any) -> None:
        said.take(output)
        found = logits_of(output)
        if logits is not None and found is not None:
            logits.append(found[0].detach().clone())

    hooks = module.register_forward_pre_hook(begin), module.register_forward_hook(end)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _processors(ids: Tensor) -> Any:
    """Return what makes `generate` choose the ids of a text, one after another, and then any id."""
    from transformers import LogitsProcessor, LogitsProcessorList

    class Dictated(LogitsProcessor):
        """Leaves one id to choose."""

        def __init__(self) -> None:
            self.waiting: Sequence[int] = ids.tolist()

        def __call__(self, _ids: Tensor, scores: Tensor) -> Tensor:
            """Return scores of minus infinity for every id but the next one of the text."""
            chosen, self.waiting = (*self.waiting, 0)[0], self.waiting[1:]
            only = torch.full_like(scores, float("-inf"))
            only[:, chosen] = 0
            return only

    return LogitsProcessorList([Dictated()])
