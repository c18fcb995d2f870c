"""What a pass may add to the caller's arguments, where it can't change a number of attention.

`logits_to_keep`: without it a causal language model computes logits for every position, 600 MB for 1,000 tokens and a
vocabulary of 150,000.

`use_cache=False`, only with `offload=`: a cache would hold the keys that go to the file, and the values. It can change
masks where the caller passes `position_ids`: without a cache, transformers takes positions that begin again for several
packed texts. Elsewhere a cache costs the values, which is less than the capture itself keeps, so nothing is added.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import torch

from headscope.tracing.inner_model import accepted, inner_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

KEEP, USE_CACHE = "logits_to_keep", "use_cache"
BESIDE_A_CACHE = (USE_CACHE, "position_ids", "past_key_values", "cache_params", "mems")
"""The arguments of a caller with which a cache may change numbers."""

WRITES_TEXT = re.compile(r"(ForCausalLM|ForConditionalGeneration|LMHeadModel)$")
"""The names of classes that do nothing with the logits but return them; classifiers pool them."""

ADAPTERS = "peft"
"""The package whose wrappers pass arguments on to the model, and logits back."""


def economies(
    model: torch.nn.Module, arguments: Mapping[str, Any], *, logits: bool = False, keep: int = 1, offloads: bool = False
) -> dict[str, Any]:
    """Return the arguments to add to those of the caller.

    Parameters
    ----------
    model
        The model.
    arguments
        The caller's arguments by name.
    logits
        Whether the logits of every position are needed; False by default.
    keep
        The number of last positions whose logits are needed otherwise, 1 by default.
    offloads
        Whether queries and keys go to a file; False by default.
    """
    inner, added = inner_model(model), dict[str, Any]()
    if inner is None or not (inner is model or type(model).__module__.split(".")[0] == ADAPTERS):
        return {}
    if not logits and KEEP not in arguments and drops_logits(inner):
        added[KEEP] = keep
    own = type(inner).forward.__module__.startswith("transformers.")
    if offloads and own and USE_CACHE in accepted(inner) and not any(name in arguments for name in BESIDE_A_CACHE):
        added[USE_CACHE] = False
    return added


def drops_logits(model: PreTrainedModel) -> bool:
    """Return whether `logits_to_keep` selects the positions of logits after all attention, and does nothing else.

    The forward must be transformers' own, of a class that writes text, and use the argument for the selection only.
    Gemma 4 and others pass it on to a model inside, which leaves out positions of layers.
    """
    kind = type(model)
    return bool(WRITES_TEXT.search(kind.__name__)) and only_selects(kind)  # type: ignore[arg-type]  # classes are hashable


@cache
def only_selects(kind: type) -> bool:
    """Return whether a class of transformers uses `logits_to_keep` only to select the positions of logits."""
    forward = inspect.unwrap(kind.forward)  # type: ignore[attr-defined]  # of a torch module
    if KEEP not in inspect.signature(forward).parameters or not forward.__module__.startswith("transformers."):
        return False
    try:
        code = ast.parse(textwrap.dedent(inspect.getsource(forward)))
    except (OSError, SyntaxError):
        return False
    uses = _Uses()
    for statement in code.body[0].body:  # type: ignore[attr-defined]  # of a function
        uses.visit(statement)
    return uses.selecting > 0 and not uses.other


class _Uses(ast.NodeVisitor):
    """Counts where a forward reads `logits_to_keep`: to select positions, or for anything else."""

    def __init__(self) -> None:
        self.selecting = self.other = 0

    def visit_Assign(self, node: ast.Assign) -> None:  # ast's own name
        # indices = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        if ast.unparse(node.targets[0]) == "slice_indices":
            self.selecting += 1
        else:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if ast.unparse(node.func) == "slice_logits_to_keep":
            self.selecting += 1
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.other += node.id == KEEP
