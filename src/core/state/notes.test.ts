import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { mapDescription } from "../../../testing/view";
import type { PlacedNote } from "../../contract.gen";
import type { Status } from "./context";
import { cleanText, heldNotes, isShowable, MAX_NAME, MAX_TEXT, noteOn, noteTitle, withNote, withNotes } from "./notes";

const note = (layer: number, head: number, name: string, text = "", map = "self"): PlacedNote => ({
  map,
  layer,
  head,
  name,
  text,
});

test("a note is set in the order of heads, replaced, and removed when nothing is left of it", () => {
  const one = withNote([], { map: "self", layer: 2, head: 1 }, " induction ", "");
  const two = withNote(one, { map: "self", layer: 0, head: 3 }, "", "a text\n");
  expect(two).toEqual([note(0, 3, "", "a text"), note(2, 1, "induction")]);
  expect(withNote(two, { map: "self", layer: 2, head: 1 }, "renamed", "")).toEqual([
    note(0, 3, "", "a text"),
    note(2, 1, "renamed"),
  ]);
  expect(withNote(two, { map: "self", layer: 0, head: 3 }, " ", "\n")).toEqual([note(2, 1, "induction")]);
  expect(noteOn(two, { map: "cross", layer: 2, head: 1 })).toBeUndefined();
});

test("what is typed is cut to what a note holds", () => {
  expect(cleanText(" a\r\nb\u0007\u202ec\ud800 ", MAX_NAME)).toBe("a bc");
  expect(cleanText(" a\r\nb\tc\n", MAX_TEXT, true)).toBe("a\nb\tc");
  expect([...cleanText("😀".repeat(90), MAX_NAME)].length).toBe(MAX_NAME);
  for (const text of ["a\nb", "\u0000", "\u2028", "\u2066", "x".repeat(61)])
    expect(isShowable(text, MAX_NAME)).toBe(false);
  expect(isShowable("a\nb\t😀", MAX_TEXT, true)).toBe(true);
});

test("a note is called by its name, or by the first line of its text", () => {
  expect(noteTitle({ name: "n", text: "t" })).toBe("n");
  expect(noteTitle({ name: "", text: `${"t".repeat(80)}\nmore` })).toBe(`${"t".repeat(59)}…`);
});

test("descriptions carry notes to where there is no kernel, which says why none are written", () => {
  const maps = withNotes([mapDescription(["a"]), mapDescription(["b"], { name: "other" })], [note(1, 2, "n")]);
  expect(maps.map(({ notes }) => notes)).toEqual([[{ layer: 1, head: 2, name: "n", text: "" }], undefined]);
  expect(withNotes(maps, [])[0]).not.toHaveProperty("notes");
  const book = heldNotes(signal(maps), signal<Status>("page"));
  expect(book.notes.value).toEqual([note(1, 2, "n")]);
  expect(book.locked.value).toContain("saved page");
});
