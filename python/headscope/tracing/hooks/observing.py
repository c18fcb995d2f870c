"""Observe one pass: the three ways of seeing an attention call, together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from headscope.tracing.hooks import active_recorder as current
from headscope.tracing.hooks.interface import calls_own_functions, observed_interface
from headscope.tracing.hooks.kernel import SeesKernel
from headscope.tracing.hooks.model_state import without_fast_path
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.hooks.products import SeesProducts
from headscope.tracing.hooks.recorder import Recorder
from headscope.tracing.hooks.source import only_looks_up


@contextmanager
def observing(modules: Modules, recorder: Recorder) -> Iterator[None]:
    """Record with `recorder` every attention call that the model makes in this thread inside this context.

    In this order: what transformers' attention interface returns, calls of torch's fused kernel, and attention that is
    computed step by step. What one way has seen, the next ones leave out. The model itself stays as it is. The modes,
    through which every operation passes, are left out for models that certainly attend by the interface alone and read
    nothing beside a text.
    """
    parameters = (*modules.model.parameters(), *modules.model.buffers())
    with ExitStack() as undo:
        undo.enter_context(observed_interface(modules))
        undo.enter_context(without_fast_path())
        undo.enter_context(recorder.watch.watching())
        undo.enter_context(current.recording(recorder))
        if recorder.may_join or not only_looks_up(modules) or calls_own_functions(modules):
            undo.enter_context(SeesProducts(parameters))
            undo.enter_context(SeesKernel())
        yield
