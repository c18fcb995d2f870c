"""Models inside the objects of other tools: nnsight's wrappers are opened, TransformerLens' models have caches."""

from __future__ import annotations

from typing import Any


def unwrapped(model: Any, tokenizer: Any, text: Any, text_pair: Any = None) -> tuple[Any, Any, Any, Any]:
    """Return the model, the tokenizer, the text and the text pair of a call with a wrapper of nnsight.

    The wrapper's tokenizer is used if none was passed: `capture(wrapper, text)` or `capture(wrapper, None, text)`.
    Arguments of a call with another model are returned as they are.

    Raises
    ------
    TypeError
        The model is one of TransformerLens, which runs with hooks of its own.
    """
    packages = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    if "transformer_lens" in packages and hasattr(model, "run_with_cache"):
        raise TypeError(
            f"model is a {type(model).__name__} of TransformerLens, which runs with hooks of its own: run "
            "_, cache = model.run_with_cache(tokens), then hs.from_cache(cache, model)."
        )
    if "nnsight" not in packages:
        return model, tokenizer, text, text_pair
    own = getattr(model, "tokenizer", None)
    inside = vars(model).get("_module", vars(model).get("_model", model))
    if isinstance(tokenizer, str) and own is not None:
        return inside, own, tokenizer, text
    return inside, own if tokenizer is None else tokenizer, text, text_pair
