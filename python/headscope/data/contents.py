"""What a capture holds, for its report: sizes of maps, generated tokens, and layers that were left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headscope.text.counted import counted

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.data.next_tokens import Generation
    from headscope.data.report import MapReport, Report


def with_contents(report: Report, maps: Mapping[str, AttentionMap], generation: Generation | None) -> Report:
    """Return a report with what the maps of its capture tell."""
    return replace(
        report,
        maps=tuple(_with_size(part, maps.get(part.name)) for part in report.maps),
        generated=_of_generation(generation),
        left_out=tuple(_left_out(report.maps, maps)),
    )


def _with_size(part: MapReport, map_: AttentionMap | None) -> MapReport:
    sizes = (0, 0) if map_ is None else (len(map_.query_tokens), len(map_.key_tokens))
    return replace(part, num_queries=sizes[0], num_keys=sizes[1])


def _of_generation(generation: Generation | None) -> str:
    if generation is None:
        return ""
    steps = sum(step is not None for step in generation.steps)
    prompt = counted(generation.num_prompt, "token")
    return f"Queries of the {generation.map!r} map: {prompt} of the prompt, {steps} generated."


def _left_out(parts: Sequence[MapReport], maps: Mapping[str, AttentionMap]) -> Iterator[str]:
    """Yield a sentence for each map of which `layers=` left out some layers or all."""
    for part in parts:
        map_ = maps.get(part.name)
        if map_ is None:
            yield f"layers= left out the {part.name!r} map: none of its {counted(part.num_layers, 'layer')} was kept."
        elif len(map_.layers) < map_.num_layers:
            kept = ", ".join(map(str, map_.layers))
            of = f"{len(map_.layers)} of the {counted(map_.num_layers, 'layer')} of the {part.name!r} map"
            yield f"layers= kept {of}: {kept}."
