"""The transformers model inside any wrapper, its config, and the parameters of a module's forward."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel
    from typing_extensions import TypeIs

PARALLEL = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
"""Wrappers that pass every argument on to the module that they hold."""


def is_transformers_model(value: Any) -> TypeIs[PreTrainedModel]:
    """Return whether a value is a transformers model. This loads no transformers: whoever made a model did."""
    kind = getattr(sys.modules.get("transformers.modeling_utils"), "PreTrainedModel", None)
    return kind is not None and isinstance(value, kind)


def is_config(value: Any) -> bool:
    """Return whether a value is a config of transformers."""
    kind = getattr(sys.modules.get("transformers.configuration_utils"), "PretrainedConfig", None)
    return kind is not None and isinstance(value, kind)


def inner_models(model: torch.nn.Module) -> Iterator[PreTrainedModel]:
    """Yield the outermost transformers models of a module; the module itself if it is one."""
    if is_transformers_model(model):
        yield model
        return
    for child in model.children():
        yield from inner_models(child)


def inner_model(model: Any) -> PreTrainedModel | None:
    """Return the only transformers model in a module, or the module itself; None if there is none or there are several.

    A model that a module holds twice, as siamese encoders do, counts once.
    """
    if not isinstance(model, torch.nn.Module):
        return None
    found = {id(part): part for part in inner_models(model)}
    return next(iter(found.values())) if len(found) == 1 else None


def config_of(model: Any) -> Any:
    """Return the config of a model, or else that of the only transformers model inside it; None if there is none."""
    own = getattr(model, "config", None)
    if is_config(own):
        return own
    inner = inner_model(model)
    return own if inner is None else inner.config


def text_config(config: Any) -> Any:
    """Return the text part of a config; the whole config if it has several, as MusicGen's has, or none."""
    try:
        return config.get_text_config()
    except (AttributeError, ValueError):
        return config


def dtype_of(model: torch.nn.Module) -> torch.dtype | None:
    """Return the precision in which a model reads its inputs; None if it has no parameters of floating point."""
    own = getattr(inner_model(model) or model, "dtype", None)
    if isinstance(own, torch.dtype):
        return own
    return next((parameter.dtype for parameter in model.parameters() if parameter.is_floating_point()), None)


def device_of(model: torch.nn.Module) -> torch.device:
    """Return the device on which a model expects its inputs: that of its first parameter off the meta device."""
    devices = (parameter.device for parameter in model.parameters())
    return next((device for device in devices if device.type != "meta"), torch.device("cpu"))


def accepted(model: torch.nn.Module) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a model's forward; for a wrapper with **kwargs, those of the inner model too."""
    while isinstance(model, PARALLEL):
        model = model.module
    parameters = parameters_of(model)
    inner = inner_model(model)
    if passes_on(parameters) and inner is not None and inner is not model:
        parameters = parameters_of(inner) | parameters
    return parameters


def parameters_of(model: torch.nn.Module) -> dict[str, inspect.Parameter]:
    """Return the parameters of a module's forward by name; a scripted one names them in its schema."""
    schema = getattr(model.forward, "schema", None)
    if isinstance(schema, torch.FunctionSchema):
        names = [argument.name for argument in schema.arguments[1:]]  # the first one is the module itself
        return {name: inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names}
    return dict(inspect.signature(model.forward).parameters)


def passes_on(parameters: Mapping[str, inspect.Parameter]) -> bool:
    """Return whether a forward takes keywords of any name."""
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())


def setting_of(model: Any, name: str) -> Any:
    """Return a token id or another setting of a model's generation config, or else of its config; None without one."""
    inner = inner_model(model)
    config = config_of(model)
    generation = getattr(model, "generation_config", None), getattr(inner, "generation_config", None)
    places = (*generation, config, getattr(config, "text_config", None))  # models of images and text keep it there
    return next((value for place in places if (value := getattr(place, name, None)) is not None), None)
