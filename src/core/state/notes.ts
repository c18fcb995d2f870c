import { computed, type ReadonlySignal } from "@preact/signals-core";
import type { HeadNote, MapDescription, PlacedNote } from "../../contract.gen";
import type { NoteBook, Status } from "./context";

/** The longest name and the longest text of a note, in characters, as in `headscope.data.notes`. */
export const MAX_NAME = 60;
export const MAX_TEXT = 1000;
/** The most notes of a capture. */
export const MAX_NOTES = 1000;

/** One head of a capture. */
export type NotedHead = Pick<PlacedNote, "map" | "layer" | "head">;

const LOCKED: Partial<Record<Status, string>> = {
  page: "A saved page shows notes. They are written in the notebook, or in Python with capture.note().",
  file: "A file shows its notes. To write some, load it in a notebook: hs.load(), then capture.note() or a view.",
  snapshot: "Run the cell to write notes: what a saved notebook shows has no kernel.",
  restarted: "The kernel has restarted. Run the cell again to write notes.",
  stopped: "The kernel has stopped. Run the cell again to write notes.",
};

/** Why notes can't be written under a status; empty if they can. */
export function whyLocked(status: Status): string {
  return LOCKED[status] ?? "";
}

/** The notes that descriptions hold, where there is no kernel: they are only read. */
export function heldNotes(maps: ReadonlySignal<readonly MapDescription[]>, status: ReadonlySignal<Status>): NoteBook {
  return {
    notes: computed(() => placedNotes(maps.value)),
    locked: computed(() => whyLocked(status.value) || "Notes are only read here."),
    write() {},
  };
}

function placedNotes(maps: readonly MapDescription[]): PlacedNote[] {
  return maps.flatMap(({ name, notes = [] }) => notes.map((note) => ({ ...note, map: name })));
}

/** Descriptions with the notes of their heads, for what is saved of a view. */
export function withNotes(maps: readonly MapDescription[], notes: readonly PlacedNote[]): MapDescription[] {
  return maps.map(({ notes: _, ...map }) => {
    const own = notes
      .filter((note) => note.map === map.name)
      .map(({ layer, head, name, text }) => ({ layer, head, name, text }));
    return own.length > 0 ? { ...map, notes: own } : map;
  });
}

export function noteOn(notes: readonly PlacedNote[], { map, layer, head }: NotedHead): PlacedNote | undefined {
  return notes.find((note) => note.map === map && note.layer === layer && note.head === head);
}

/** What a note is called in one line: its name, or the beginning of its text. */
export function noteTitle({ name, text }: Pick<HeadNote, "name" | "text">): string {
  const line = name || text.split("\n", 1)[0] || "";
  return [...line].length > MAX_NAME ? `${[...line].slice(0, MAX_NAME - 1).join("")}…` : line;
}

/** The notes with another one on a head, or without any if both of its texts are empty; in the order of the heads. */
export function withNote(notes: readonly PlacedNote[], place: NotedHead, name: string, text: string): PlacedNote[] {
  const { map, layer, head } = place;
  const others = notes.filter((note) => note !== noteOn(notes, place));
  const clean = { name: cleanText(name, MAX_NAME), text: cleanText(text, MAX_TEXT, true) };
  if (!clean.name && !clean.text) return others;
  const order = (a: NotedHead, b: NotedHead) => (a.map === b.map ? a.layer - b.layer || a.head - b.head : 0);
  return [...others, { map, layer, head, ...clean }].sort(order);
}

/** Controls, halves of pairs, separators of lines, and what turns the direction of text: a note holds none. */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text as a note keeps it: without what can't be shown and without spaces around it, cut to its longest. */
export function cleanText(text: string, most: number, hasLines = false): string {
  const kept = text.replace(/\r\n?/g, "\n").replace(UNSHOWABLE, (letter) => {
    if (letter === "\n" || letter === "\t") return hasLines ? letter : " ";
    return "";
  });
  return [...kept.trim()].slice(0, most).join("").trim();
}

/** Whether a note's text is within its bounds and can be shown as it is. */
export function isShowable(text: string, most: number, hasLines = false): boolean {
  if ([...text].length > most) return false;
  return (text.match(UNSHOWABLE) ?? []).every((letter) => hasLines && (letter === "\n" || letter === "\t"));
}
