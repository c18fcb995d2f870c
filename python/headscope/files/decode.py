"""Rebuild the parts of a capture from a file, and check that they fit each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headscope.data.attention_map import AttentionMap
from headscope.data.capture import CaptureParts
from headscope.data.grids import Grid
from headscope.data.next_tokens import Candidates, Generation, LabelProbabilities
from headscope.data.notes import MAX_NOTES, HeadKey, HeadNote, checked_note
from headscope.data.report import TIERS, MapReport, Report
from headscope.files.fields import BrokenFileError, Field
from headscope.files.layers import Layers
from headscope.files.safetensors_reader import TensorFile
from headscope.files.schema import MAX_POSITIONS
from headscope.text.segments import Segment


def restore(file: TensorFile) -> CaptureParts:
    """Return the parts of the capture in a file.

    Raises
    ------
    BrokenFileError
        The description contradicts itself or the tensors.
    """
    description = file.description
    layers = Layers(file)
    maps = [_map(field, layers) for field in description["maps"]]
    names = [map_.name for map_ in maps]
    if not maps or len(set(names)) < len(names):
        raise BrokenFileError("it has no attention map" if not maps else f"two of its maps have the same name: {names}")
    logits, generation = description["candidates"], description["generation"]
    notes = [note for field, map_ in zip(description["maps"], maps, strict=True) for note in _notes(field, map_)]
    if len(notes) > MAX_NOTES:
        raise BrokenFileError(f"it has {len(notes)} notes on heads, more than {MAX_NOTES}")
    return CaptureParts(
        maps=maps,
        name=description["name"].text(),
        report=_report(description["report"]),
        logits=_candidates(logits, file) if logits.there else None,
        generation=_generation(generation, maps) if generation.there else None,
        predictions=_labels(description["predictions"], file) if description.has("predictions") else None,
        notes=notes,
    )


def _map(field: Field, layers: Layers) -> AttentionMap:
    queries, keys = ([token.text() for token in field[name]] for name in ("query_tokens", "key_tokens"))
    if not queries or not keys:
        raise BrokenFileError(f"{field.what} has no tokens on one axis")
    start = field["sentence_b_start"]
    return AttentionMap(
        name=field["name"].text(),
        records=layers.restored(field, len(queries), len(keys)),
        query_tokens=queries,
        key_tokens=keys,
        query_special=_positions(field["query_special"], len(queries)),
        key_special=_positions(field["key_special"], len(keys)),
        sentence_b_start=start.integer(1, len(queries) - 1) if start.there else None,
        label=field["label"].text(),
        query_words=_words(field["query_words"], len(queries)),
        key_words=_words(field["key_words"], len(keys)),
        query_grid=_grid(field["query_grid"], len(queries)),
        key_grid=_grid(field["key_grid"], len(keys)),
        query_segments=_segments(field, "query_segments", len(queries)),
        key_segments=_segments(field, "key_segments", len(keys)),
    )


def _positions(field: Field, count: int) -> list[int]:
    return [position.integer(0, count - 1) for position in field]


def _words(field: Field, count: int) -> list[int] | None:
    if not field.there:
        return None
    words = [word.integer(0, MAX_POSITIONS) for word in field]
    if len(words) != count:
        raise BrokenFileError(f"{field.what} has {len(words)} numbers, but there are {count} tokens")
    return words


def _segments(field: Field, name: str, count: int) -> list[Segment]:
    """Return the segments of one side; none if the field is missing, as in files older than segments."""
    found: list[Segment] = []
    for part in field[name] if field.has(name) else ():
        start = part["start"].integer(found[-1].stop if found else 0, count - 1)
        found.append(Segment(part["name"].text(), start, part["stop"].integer(start + 1, count)))
    return found


def _notes(field: Field, map_: AttentionMap) -> list[tuple[HeadKey, HeadNote]]:
    """Return the notes on the heads of a map; none if the field is missing, as in files without notes."""
    found: dict[HeadKey, HeadNote] = {}
    for part in field["notes"] if field.has("notes") else ():
        layer = part["layer"].integer(0, map_.num_layers - 1)
        key = HeadKey(map_.name, layer, part["head"].integer(0, map_.num_heads(layer) - 1))
        name, text = part["name"].text(), part["text"].text()
        try:
            note = checked_note(name, text)
        except ValueError as error:
            raise BrokenFileError(f"{part.what}: {error}") from None
        if key in found:
            raise BrokenFileError(f"{part.what} is a second note on the same head")
        found[key] = note
    return list(found.items())


def _grid(field: Field, count: int) -> Grid | None:
    if not field.there:
        return None
    grid = Grid(*(field[name].integer(0, count) for name in ("first", "rows", "columns")))
    if grid.first + grid.rows * grid.columns > count:
        raise BrokenFileError(f"{field.what} goes beyond the {count} tokens")
    return grid


def _report(field: Field) -> Report:
    return Report(
        model=field["model"].text(),
        maps=tuple(_map_report(part) for part in field["maps"]),
        missing={module: reason.text() for module, reason in field["missing"].items()},
        notes=tuple(note.text() for note in field["notes"]),
    )


def _map_report(field: Field) -> MapReport:
    tier = field["tier"]
    return MapReport(
        name=field["name"].text(),
        tier=tier.integer(min(TIERS), max(TIERS)) if tier.there else None,
        num_layers=field["num_layers"].integer(0, MAX_POSITIONS),
        num_heads=tuple(count.integer(0, MAX_POSITIONS) for count in field["num_heads"]),
        num_kv_heads=tuple(count.integer(0, MAX_POSITIONS) for count in field["num_kv_heads"]),
        precision=field["precision"].text(),
        modules=tuple(module.text() for module in field["modules"]),
        difference=field["difference"].number() if field.has("difference") else None,
        layer_names=tuple(name.text() for name in field["layer_names"]) if field.has("layer_names") else (),
        function=field["function"].text() if field.has("function") else "",
    )


def _generation(field: Field, maps: Sequence[AttentionMap]) -> Generation:
    counts = {map_.name: len(map_.query_tokens) for map_ in maps}
    name = field["map"].one_of(list(counts))
    count = counts[name]
    steps = tuple(step.integer(0, count) if step.there else None for step in field["steps"])
    if len(steps) != count:
        raise BrokenFileError(f"{field.what} has {len(steps)} steps, but the {name!r} map has {count} query tokens")
    text = field["text"].text() if field.has("text") else ""
    return Generation(name, field["num_prompt"].integer(0, MAX_POSITIONS), steps, text)


def _candidates(field: Field, file: TensorFile) -> Candidates:
    _, ids = file.array(field["ids"], ["I32"], (None, None))
    _, probabilities = file.array(field["probabilities"], ["F32"], ids.shape)
    tokens = tuple(tuple(token.text() for token in row) for row in field["tokens"])
    if len(tokens) != ids.shape[0] or any(len(row) != ids.shape[1] for row in tokens):
        raise BrokenFileError(f"{field['tokens'].what} is not a table of {ids.shape[0]} rows of {ids.shape[1]} tokens")
    start = field["start"].integer(0, MAX_POSITIONS) if field.has("start") else 0
    return Candidates(
        ids.astype(np.int64), probabilities, tokens, start, field.has("masked") and field["masked"].flag()
    )


def _labels(field: Field, file: TensorFile) -> LabelProbabilities:
    labels = tuple(label.text() for label in field["labels"])
    per_position = field["per_position"].flag()
    shape = (None if per_position else 1, len(labels))
    _, probabilities = file.array(field["probabilities"], ["F32"], shape)
    return LabelProbabilities(labels, probabilities if per_position else probabilities[0])
