"""The cases of one model type: each class and each form of inputs that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zlib import crc32

import torch

from zoo.every.build import build
from zoo.every.classes import classes_of
from zoo.every.generation import judged_generation
from zoo.every.images import with_image
from zoo.every.inputs import Recipe, inputs_of, parameters_of, recipes
from zoo.every.judge import Outcome, described, judged
from zoo.every.shrink import tiny

LENGTHS = (14, 9, 5)
DTYPES = (torch.bfloat16, torch.float16, torch.float64)
"""The default dtypes of sessions, of which each type gets one."""
HEADS = ("Model", "ForCausalLM", "ForConditionalGeneration")


def outcomes(kind: str) -> Iterator[Outcome]:
    """Run every case of a model type."""
    try:
        found = classes_of(kind)
    except Exception as error:
        yield _unbuilt(kind, "", error)
        return
    if not found:
        yield Outcome(kind, "", "", "broken", "transformers has no model class with this config that runs by itself")
    chosen = [one for place, one in enumerate(found) if place == 0 or one.__name__.endswith(HEADS)]
    others = [one for one in found if one not in chosen]
    broken: list[Outcome] = []
    some = False
    for one in [*chosen, *others]:
        again = one in others and some
        if again and getattr(one, "_supports_sdpa", True):
            continue
        try:
            model, recipe = born(kind, one)
        except Exception as error:
            broken.append(_unbuilt(kind, one.__name__, error))
            continue
        some = True
        if again:  # without a fused kernel, each class has a path of its own
            yield _judged(kind, model, recipe, "plain", 1, 0)
        else:
            yield from _of_model(kind, model, recipe)
    yield from broken


def born(kind: str, one: Any) -> tuple[Any, Recipe]:
    """Return a small model that runs, and a recipe for its inputs.

    Raises
    ------
    Exception
        It can't be built or run: what the smallest config raised.
    """
    first: Exception | None = None
    for only_counts in (False, True):
        try:
            model = build(one, tiny(kind, only_counts))
            return model, recipe_of(model)
        except Exception as error:
            first = first or error
    assert first is not None
    raise first


def recipe_of(model: Any) -> Recipe:
    """Return the first recipe with whose inputs a model runs, in batches too.

    Raises
    ------
    Exception
        It runs with none: what the simplest raised.
    """
    first: Exception | None = None
    alone: Recipe | None = None
    for recipe in recipes(model):
        try:
            runs(model, inputs_of(model, 1, recipe))
        except Exception as error:
            first = first or error
            continue
        alone = alone or recipe
        try:
            runs(model, inputs_of(model, 3, recipe))
            return recipe
        except Exception:
            continue
    if alone is not None:
        return alone
    raise first if first is not None else ValueError("there is no recipe")


def runs(model: Any, inputs: dict[str, Any]) -> Any:
    """Run a model."""
    torch.manual_seed(0)
    with torch.no_grad():
        return model(**inputs)


def _unbuilt(kind: str, name: str, error: Exception) -> Outcome:
    text = " ".join(str(error).split())
    return Outcome(kind, name, "", "broken", f"{type(error).__name__}: {text:.300}")


def _of_model(kind: str, model: Any, recipe: Recipe) -> Iterator[Outcome]:
    yield _judged(kind, model, recipe, "plain", 1, 0)
    yield _in_a_session(kind, model, recipe)
    yield _judged(kind, model, recipe, "batch", 3, 1)
    inputs = inputs_of(model, 1, recipe)
    if "input_ids" in inputs and "attention_mask" in parameters_of(model):
        yield _judged(kind, model, recipe, "padded left", 3, 1)
        yield _judged(kind, model, recipe, "padded right", 3, 2)
    if model.can_generate():
        yield judged_generation(kind, model, "generation", inputs, 0)
        if set(inputs) == {"input_ids"}:
            batch = padded(inputs_of(model, 3, recipe), "left")
            yield judged_generation(kind, model, "generation, padded", batch, 1)
    yield from _with_image(kind, model)


def _in_a_session(kind: str, model: Any, recipe: Recipe) -> Outcome:
    """Judge a capture in a session whose default dtype is not float32, which is none of the capture's business."""
    dtype = DTYPES[crc32(kind.encode()) % len(DTYPES)]
    form, before = f"default {dtype}".replace("torch.", ""), torch.get_default_dtype()
    inputs = inputs_of(model, 1, recipe)
    torch.set_default_dtype(dtype)
    try:
        if not _runs(model, inputs):
            return Outcome(kind, type(model).__name__, form, "broken", "the model itself needs float32 as the default")
        return _safely(kind, model, form, inputs, 0)
    finally:
        torch.set_default_dtype(before)


def _with_image(kind: str, model: Any) -> Iterator[Outcome]:
    found = [next((inputs for inputs in with_image(model, batch) if _runs(model, inputs)), None) for batch in (1, 2)]
    for form, inputs, row in zip(("image", "image, batch"), found, (0, 1), strict=True):
        if inputs is not None:
            yield _safely(kind, model, form, inputs, row)
    if found[0] is not None and model.can_generate():
        inputs = {name: value for name, value in found[0].items() if name != "decoder_input_ids"}
        yield judged_generation(kind, model, "image, generation", inputs, 0)


def _runs(model: Any, inputs: dict[str, Any]) -> bool:
    try:
        runs(model, inputs)
    except Exception:
        return False
    return True


def padded(inputs: dict[str, Any], side: str) -> dict[str, Any]:
    """Return inputs with a mask that gives the texts different lengths."""
    mask = torch.zeros(inputs["input_ids"].shape[:2], dtype=torch.long)
    for place, length in enumerate(LENGTHS):
        mask[place, slice(length) if side == "right" else slice(-length, None)] = 1
    return inputs | {"attention_mask": mask}


def _safely(kind: str, model: Any, form: str, inputs: dict[str, Any], row: int) -> Outcome:
    try:
        return judged(kind, model, form, inputs, row)
    except Exception as error:
        return Outcome(kind, type(model).__name__, form, "unjudged", described(error))


def _judged(kind: str, model: Any, recipe: Recipe, form: str, batch: int, row: int) -> Outcome:
    try:
        inputs = inputs_of(model, batch, recipe)
        if form.startswith("padded"):
            inputs = padded(inputs, form.split()[1])
        runs(model, inputs)
    except Exception as error:
        return Outcome(
            kind, type(model).__name__, form, "broken", f"{type(error).__name__}: {' '.join(str(error).split()):.200}"
        )
    return _safely(kind, model, form, inputs, row)
