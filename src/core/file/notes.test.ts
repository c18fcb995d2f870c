import { describe, expect, test } from "vitest";
import { Fields } from "./fields";
import { readNotes } from "./notes";

const NOTE = { layer: 1, head: 3, name: "induction", text: "a\nb" };
const read = (notes: unknown) => readNotes(new Fields({ notes }, "Map 0"), [4, 4]);

test("descriptions without notes have none", () => {
  expect(readNotes(new Fields({}, "Map 0"), [4])).toEqual({});
  expect(read([])).toEqual({});
});

test("notes are read with the fields that are known", () => {
  expect(read([{ ...NOTE, more: 1 }])).toEqual({ notes: [NOTE] });
});

describe("hostile notes are refused", () => {
  const cases: Readonly<Record<string, readonly [unknown, RegExp]>> = {
    "no list": [3, /notes is 3, not a list/],
    "no object": [[3], /note 0 is no object/],
    "no layer": [[{ ...NOTE, layer: undefined }], /layer is missing/],
    "a layer too many": [[{ ...NOTE, layer: 2 }], /layer is 2/],
    "a head too many": [[{ ...NOTE, head: 4 }], /head is 4/],
    "a number as a name": [[{ ...NOTE, name: 3 }], /name is 3, not a text/],
    "an endless name": [[{ ...NOTE, name: "n".repeat(61) }], /its name is too long/],
    "an endless text": [[{ ...NOTE, text: "n".repeat(1001) }], /its text is too long/],
    "a control character": [[{ ...NOTE, name: "\u001b[31m" }], /can't be shown/],
    "an empty note": [[{ ...NOTE, name: "", text: "" }], /it is empty/],
    "two on a head": [[NOTE, NOTE], /another note on the same head/],
    "too many": [Array(1001).fill(NOTE), /1001 notes, more than 1000/],
  };
  test.each(Object.entries(cases))("%s", (_, [notes, message]) => {
    expect(() => read(notes)).toThrow(message);
  });
});
