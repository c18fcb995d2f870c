"""Damaged and hostile files: each raises an error that says what is wrong, and does no harm."""

from __future__ import annotations

import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import headscope as hs

GOLDEN = Path(__file__).parents[1] / "golden"
HUGE = 1 << 45


@pytest.fixture
def refused(tmp_path) -> Any:
    """Return a function that loads a file's bytes, expects an error, and returns its message without the file name."""
    hs.load(GOLDEN / "pieces.attn.safetensors")  # imports all modules, so that their memory does not count

    def load(raw: bytes) -> str:
        path = tmp_path / "x.attn.safetensors"
        path.write_bytes(raw)
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match=r"^'.*' can't be loaded: .*[^.]\.$") as caught:
                hs.load(path)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 4 * len(raw) + (1 << 20), "memory was taken for what is not in the file"
        message = str(caught.value)
        assert "\n" not in message
        assert len(message) < 400 + len(str(path))
        return message.removeprefix(f"{str(path)!r} can't be loaded: ")

    return load


@pytest.mark.parametrize("raw", [b"", b"\0" * 7, b"\0" * 8, b"\xff" * 8, b"PK\x03\x04" + b"\0" * 40, b"{}" * 50])
def test_files_of_other_kinds(refused, raw):
    assert refused(raw)


def test_a_header_of_terabytes(refused):
    assert "a header of 35,184,372,088,832 bytes, but only 8 bytes follow" in refused(HUGE.to_bytes(8, "little") * 2)


def test_a_header_over_the_limit(tmp_path):
    path = tmp_path / "y.attn.safetensors"
    with path.open("wb") as file:
        file.write((200_000_000).to_bytes(8, "little"))
        file.truncate(300_000_000)  # a sparse file
    with pytest.raises(ValueError, match="header is 200,000,000 bytes long, and 100,000,000 are the most"):
        hs.load(path)


@pytest.mark.parametrize("part", ["header", "data"])
def test_files_that_are_cut_off(refused, take_apart, part):
    raw = take_apart("causal").together()
    assert "cut off" in refused(raw[:100] if part == "header" else raw[:-1])


def test_data_after_the_last_tensor(refused, take_apart):
    assert "the tensors end at byte" in refused(take_apart("causal").together() + b"more")


@pytest.mark.parametrize(
    "text", [b"nonsense", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"[]", b"3", b'{"a": NaN}', b"9" * 9999]
)
def test_headers_that_are_not_objects(refused, text):
    assert refused(len(text).to_bytes(8, "little") + text).startswith(("its header is not valid JSON", "the header is"))


def test_files_of_model_weights(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"layer": torch.ones(3, dtype=torch.float64)}, path, metadata={"format": "pt"})
    with pytest.raises(ValueError, match=r"safetensors file, but does not hold a capture.*capture\.save"):
        hs.load(path)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("2", r"format version 2, but this Headscope reads version 1.*pip install --upgrade headscope"),
        ("1000000", "format version 1000000"),
        ("0", "which no Headscope writes"),
        ("1.5", "which no Headscope writes"),
        ("²", "which no Headscope writes"),
        ("9" * 5000, "which no Headscope writes"),
        (1, "is 1, not a text"),
    ],
)
def test_other_versions(refused, take_apart, version, message):
    file = take_apart("causal")
    file.header["__metadata__"]["version"] = version
    assert re.search(message, refused(file.together()))


HEADERS = {
    "offsets beyond the data": (lambda entry: entry.update(data_offsets=[0, HUGE]), "ends at byte"),
    "negative offsets": (lambda entry: entry.update(data_offsets=[-8, 8]), "whole number from 0"),
    "offsets that are swapped": (lambda entry: entry["data_offsets"].reverse(), "ends before it begins"),
    "offsets that are no numbers": (lambda entry: entry.update(data_offsets=["0", "8"]), "whole number"),
    "three offsets": (lambda entry: entry["data_offsets"].append(0), "a list of 2"),
    "no offsets": (lambda entry: entry.pop("data_offsets"), "has no 'data_offsets'"),
    "a shape of terabytes": (lambda entry: entry.update(shape=[HUGE]), "whole number from 0 to 2147483647"),
    "a shape of many axes": (lambda entry: entry.update(shape=[1 << 30] * 1000), "takes"),
    "another shape": (lambda entry: entry.update(shape=[5, 64]), "not of F32 or F16 or BF16 [4, 10, 8]"),
    "a smaller shape": (lambda entry: entry.update(shape=[4, 10, 7]), "takes 1,120"),
    "another type of the same size": (lambda entry: entry.update(dtype="I32"), "is a tensor of I32"),
    "a type that nobody knows": (lambda entry: entry.update(dtype="X" * 999), "is a tensor of XXXXXXXXXX [4, 10, 8]"),
    "no entry": (lambda entry: entry.clear(), "has no 'dtype'"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_entries_of_the_header(refused, take_apart, case):
    change, message = HEADERS[case]
    file = take_apart("causal")
    change(file.entry("queries"))
    assert message in refused(file.together())


def test_tensors_that_overlap(refused, take_apart):
    file = take_apart("causal")
    file.entry("keys")["data_offsets"] = file.entry("queries")["data_offsets"]
    file.entry("keys")["shape"] = file.entry("queries")["shape"]
    assert "begins at byte 0 of the data, not at 1,280" in refused(file.together())


def test_a_gap_between_tensors(refused, take_apart):
    file = take_apart("causal")
    name = file.record["keys"]
    del file.header[name]
    assert "begins at byte 1,920 of the data, not at 1,280" in refused(file.together())


def test_unaligned_tensors(refused, take_apart):
    file = take_apart("causal")
    for name, entry in file.header.items():
        if name != "__metadata__":
            entry["data_offsets"] = [place + 3 for place in entry["data_offsets"]]
    file.header["first"] = {"dtype": "U8", "shape": [3], "data_offsets": [0, 3]}
    file.data = b"123" + file.data
    assert "not at a multiple of 8" in refused(file.together())


def test_a_tensor_that_is_missing(refused, take_apart):
    file = take_apart("causal")
    file.record["queries"] = "nowhere"
    assert "maps[0].records[0].queries is the tensor 'nowhere', which is not in the file" in refused(file.together())


DELETED = object()


def walk(value: Any, at: tuple[Any, ...] = ()) -> Any:
    """Yield the path of every field of a description."""
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*at, name)
        if isinstance(part, (dict, list)):
            yield from walk(part, (*at, name))


def replaced(description: Any, place: tuple[Any, ...], value: Any) -> None:
    for name in place[:-1]:
        description = description[name]
    if value is DELETED:
        del description[place[-1]]
    else:
        description[place[-1]] = value


@pytest.mark.parametrize("name", ["softcap", "sinks", "t5", "table", "exceptions", "pieces", "generation", "missing"])
def test_every_field_is_required(refused, take_apart, name):
    """Only fields of objects are removed; lists may have any length that the rest agrees with."""
    unread = {"headscope", "overview", "no_vectors", "predictions"}
    for place in walk(take_apart(name).description):
        if isinstance(place[-1], str) and not unread & {*place} and place[:2] != ("report", "missing"):
            file = take_apart(name)
            replaced(file.description, place, DELETED)
            assert f"has no {place[-1]!r}" in refused(file.together()), place


MAP, RECORD = ("maps", 0), ("maps", 0, "records", 0)
SEGMENTS, SEGMENT = (*MAP, "query_segments"), {"name": "user", "start": 2, "stop": 4}

CONTRADICTIONS = {
    "no map": ("causal", ("maps",), [], "has no attention map"),
    "fewer layers than records": ("causal", (*MAP, "num_layers"), 1, "num_layers is 1, not the number of its 2"),
    "heads of another number": ("causal", (*MAP, "num_heads"), [4, 8], "num_heads is 4, not 8, as the map says"),
    "heads of one layer": ("causal", (*MAP, "num_heads"), [4], "num_layers is 2, not the number of"),
    "no heads": ("causal", (*MAP, "num_heads"), [0, 4], "num_heads[0] is 0, not a whole number from 1"),
    "a million heads": ("missing", (*MAP, "num_heads", 0), 10**6, "not a whole number from 1 to 65536"),
    "fewer tokens": ("causal", (*MAP, "query_tokens"), ["a"] * 9, "[4, 10, 8], not of F32 or F16 or BF16 [4, 9, 8]"),
    "tokens that are none": ("causal", (*MAP, "query_tokens", 3), 5, "query_tokens[3] is 5, not a text"),
    "special tokens out of range": ("pair", (*MAP, "query_special", 0), 12, "a whole number from 0 to 11"),
    "words of other tokens": ("causal", (*MAP, "query_words"), [0], "has 1 numbers, but there are 10 tokens"),
    "segments that are no list": ("causal", (*MAP, "key_segments"), {}, "key_segments is an object, not a list"),
    "a segment that is a number": ("causal", (*MAP, "key_segments"), [3], "key_segments[0] is 3, not an object"),
    "a segment of nothing": ("causal", SEGMENTS, [SEGMENT | {"stop": 2}], "stop is 2, not a whole number from 3 to 10"),
    "a segment beyond the end": ("causal", SEGMENTS, [SEGMENT | {"stop": 11}], "stop is 11, not a whole number"),
    "segments that overlap": ("causal", SEGMENTS, [SEGMENT, SEGMENT], "[1].start is 2, not a whole number from 4 to 9"),
    "a segment without a name": ("causal", SEGMENTS, [{"start": 0, "stop": 1}], "has no 'name'"),
    "a segment of a number for a name": ("causal", SEGMENTS, [SEGMENT | {"name": 7}], "name is 7, not a text"),
    "a second sentence at the start": ("pair", (*MAP, "sentence_b_start"), 0, "not a whole number from 1 to 11"),
    "a grid beyond the image": ("pieces", (*MAP, "query_grid", "rows"), 7, "goes beyond the 36 tokens"),
    "KV heads that do not share": ("causal", (*RECORD, "num_kv_heads"), 3, "not a number that divides 4 heads"),
    "more KV heads than heads": ("causal", (*RECORD, "num_kv_heads"), 8, "not a whole number from 1 to 4"),
    "another head_dim": ("causal", (*RECORD, "head_dim"), 16, "[4, 10, 8], not of F32 or F16 or BF16 [4, 10, 16]"),
    "an infinite scaling": ("causal", (*RECORD, "scaling"), 10**400, "not a finite number"),
    "a scaling of text": ("causal", (*RECORD, "scaling"), "1", "scaling is '1', not a number"),
    "no softcap at all": ("softcap", (*RECORD, "softcap"), 0, "softcap is 0, not a number above 0"),
    "rotary in words": ("causal", (*RECORD, "rotary"), "yes", "not true or false"),
    "keys of another number": ("causal", (*RECORD, "visible", "num_keys"), 9, "num_keys is 9, not 10"),
    "an unknown kind": ("causal", (*RECORD, "kind"), "values", "kind is 'values', not one of 'vectors'"),
    "an unknown bias": ("t5", (*RECORD, "biases", 0, "kind"), "magic", "not one of 'distance', 'table'"),
    "a distance that is not there": ("t5", (*RECORD, "biases", 0, "zero"), 8, "19 distances, but the"),
    "pieces of pieces": ("pieces", (*RECORD, "pieces", 0, "kind"), "pieces", "not one of 'vectors', 'weights'"),
    "one piece": ("pieces", (*RECORD, "pieces"), [], "0 pieces, 4 query_at and 4 key_at"),
    "another map's generation": ("generation", ("generation", "map"), "other", "not one of 'self'"),
    "steps of other tokens": ("generation", ("generation", "steps"), [None], "has 1 steps, but the 'self' map has 10"),
    "candidates of other tokens": ("generation", ("candidates", "tokens"), [["a"]], "is not a table of 10 rows of 3"),
    "a tier that there is not": ("causal", ("report", "maps", 0, "tier"), 4, "not a whole number from 1 to 3"),
    "a report in words": ("causal", ("report",), "fine", "report is 'fine', not an object"),
    "a name that is none": ("causal", ("name",), None, "name is None, not a text"),
    "maps that are none": ("causal", ("maps",), "self", "maps is 'self', not a list"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_descriptions_that_contradict(refused, take_apart, case):
    name, place, value, message = CONTRADICTIONS[case]
    file = take_apart(name)
    replaced(file.description, place, value)
    assert message in refused(file.together())


def test_candidates_that_exceed_any_memory(refused, take_apart):
    file = take_apart("generation")
    for name, dtype in (("ids", "I32"), ("probabilities", "F32")):
        file.header[name] = {"dtype": dtype, "shape": [2**31 - 1, 0], "data_offsets": [len(file.data)] * 2}
    file.description["candidates"] = {"ids": "ids", "probabilities": "probabilities", "tokens": []}
    assert "is not a table of 2147483647 rows" in refused(file.together())


@pytest.mark.parametrize("axis", ["query", "key"])
def test_a_map_without_tokens(refused, take_apart, axis):
    file = take_apart("given")
    file.description["maps"][0][f"{axis}_tokens"] = []
    for number, record in enumerate(file.description["maps"][0]["records"]):
        heads, queries, keys = record["num_heads"], *((0, 4) if axis == "query" else (6, 0))
        record["weights"] = f"empty {number}"
        place = [len(file.data)] * 2
        file.header[f"empty {number}"] = {"dtype": "F32", "shape": [heads, queries, keys], "data_offsets": place}
    assert "maps[0] has no tokens on one axis" in refused(file.together())


def test_two_maps_with_the_same_name(refused, take_apart):
    file = take_apart("cross")
    file.description["maps"][1]["name"] = "encoder"
    assert "two of its maps have the same name" in refused(file.together())


def test_a_deeply_nested_description(refused, take_apart):
    file = take_apart("pieces")
    raw = file.together().replace(b'\\"pieces\\": [{', b'\\"pieces\\": ' + b"[" * 50_000 + b"{", 1)
    header = raw[8 : -len(file.data)]
    assert "nested too deeply" in refused(len(header).to_bytes(8, "little") + header + file.data)


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        ("causal", ("visible", "stop"), 11, "numbers outside of 0 to 10"),
        ("causal", ("visible", "start"), -1, "numbers outside of 0 to 10"),
        ("t5", ("biases", 0, "key_at"), 10, "distances, but the positions need those from"),
        ("pieces", ("query_at", 0), 36, "numbers outside of -1 to 35"),
        ("pieces", ("query_at", 0), -2, "numbers outside of -1 to 35"),
        ("pieces", ("key_at", 0), 35, "has a position twice"),
    ],
)
def test_positions_out_of_range(refused, take_apart, name, path, value, message):
    file = take_apart(name)
    tensor: Any = file.record
    for part in path:
        tensor = tensor[part]
    end = file.header[tensor]["data_offsets"][1]
    file.data = file.data[: end - 8] + np.full(2, value, "<i4").tobytes() + file.data[end:]
    assert message in refused(file.together())


@pytest.mark.parametrize("part", ["queries", "keys", "sinks"])
def test_nan_is_a_missing_weight(take_apart, tmp_path, part):
    file, path = take_apart("sinks"), tmp_path / "x.attn.safetensors"
    begin, end = file.entry(part)["data_offsets"]
    file.data = file.data[:begin] + np.full((end - begin) // 4, np.nan, "<f4").tobytes() + file.data[end:]
    path.write_bytes(file.together())
    loaded = hs.load(path)
    assert np.isnan(loaded.weights(0)).any()
    assert np.isfinite(loaded.weights(1)).all()


def test_unknown_fields_and_tensors_are_ignored(take_apart, tmp_path, assert_equal):
    file, path = take_apart("generation"), tmp_path / "x.attn.safetensors"
    plain = tmp_path / "y.attn.safetensors"
    plain.write_bytes(file.together())
    size = len(file.data)
    file.header["later"] = {"dtype": "F4", "shape": [3], "data_offsets": [size, size + 2]}
    file.data += b"ab"
    for place in [(), ("report",), MAP, RECORD, (*RECORD, "visible"), ("generation",)]:
        replaced(file.description, (*place, "later"), {"kind": json.loads("[1, [2]]")})
    path.write_bytes(file.together())
    assert_equal(hs.load(path), hs.load(plain))
