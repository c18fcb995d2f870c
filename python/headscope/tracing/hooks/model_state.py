"""Leave a model as it was: one capture at a time in a thread, evaluation mode, and no hooks that stay behind."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from headscope.tracing.hooks.modules import Modules

LEAVES_HOOKS = "transformers.utils.output_capturing"
MARK = "_output_capturing_hooks_installed"
"""The attribute by which transformers marks a module that has these hooks."""

_switch = threading.Lock()
_this_thread = threading.local()


@contextmanager
def capturing() -> Iterator[None]:
    """Wait until captures in other threads have ended, then hold the lock on capturing.

    Raises
    ------
    RuntimeError
        This thread is capturing already, for example because a hook of the model calls capture.
    """
    if getattr(_this_thread, "capturing", False):
        raise RuntimeError(
            "capture was called while a capture is running in this thread, by the captured model or a hook of it: call "
            "it before the pass or after it."
        )
    with _switch:
        _this_thread.capturing = True
        try:
            yield
        finally:
            _this_thread.capturing = False


@contextmanager
def evaluation(modules: Modules) -> Iterator[None]:
    """Put every module into evaluation mode, and restore its own mode at the end, after errors too."""
    training = [module for module in modules.named.values() if getattr(module, "training", False)]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def without_lasting_hooks(modules: Modules) -> Iterator[None]:
    """Remove the hooks that transformers leaves on a model when it first returns hidden states or attentions."""
    walked = list(modules.named.values())
    marked = {id(module) for module in walked if MARK in vars(module)}
    before = [tuple(module._forward_hooks) for module in walked]
    try:
        yield
    finally:
        for module, known in zip(walked, before, strict=True):
            if len(module._forward_hooks) > len(known):
                for id_ in set(module._forward_hooks) - set(known):
                    if getattr(module._forward_hooks[id_], "__module__", "") == LEAVES_HOOKS:
                        del module._forward_hooks[id_]
            if MARK in vars(module) and id(module) not in marked:
                delattr(module, MARK)


@contextmanager
def without_compiling() -> Iterator[None]:
    """Run the original code of compiled modules: compiled code does not look anything up."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled, and the import takes seconds
        yield
        return
    with torch.compiler.set_stance("force_eager"), warnings.catch_warnings():
        # Torch warns that global hooks see a compiled module twice: the wrapper and the module that it wraps.
        warnings.filterwarnings("ignore", message="Using `torch.compile", category=UserWarning)
        yield


@contextmanager
def without_fast_path() -> Iterator[None]:
    """Keep torch's own Transformer modules from computing a whole layer in one step, which nobody can see into."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
