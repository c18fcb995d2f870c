import type { ViewKind } from "../../contract.gen";
import { element } from "../../dom/element";

/** One line of a help: what it is about, and what it means. */
export type HelpLine = readonly [about: string, meaning: string];

const HEADS: readonly HelpLine[] = [
  ["Colour", "one for each head, with the head's number on its square"],
  ["Filled square", "the head is shown; an empty one is hidden"],
];
const LINES: readonly HelpLine[] = [
  ["Line", "a query token on the left attends to a key token on the right, in the head's colour"],
  ["Strong line", "a large weight: the legend below the lines says how large; very small ones are not drawn"],
  ["Number on a line", "the head whose strongest line this is, if several heads are shown"],
  [
    "Bars at a token",
    "its weights in each head, under their numbers, once a token on the other side is pointed at or pinned",
  ],
];
const HEAT: readonly HelpLine[] = [
  ["Cell", "a query (row) attends to a key (column); the legend says which colour is which weight"],
  ["Frame", "the cell that is pointed at or pinned"],
];
const TEXT: readonly HelpLine[] = [
  [
    "Shade",
    "how much a token is attended to; from a pinned token, how much it attends to each; of gathered tokens their mean",
  ],
];
const NEURONS: readonly HelpLine[] = [
  ["Strip", "the numbers of a query or key vector: blue is positive, orange negative, the ground zero"],
];
const GRID: readonly HelpLine[] = [
  ["Thumbnail", "one head: rows are layers, columns are heads"],
  ["Outlined thumbnail", "a head that is shown large"],
];

const SEEN: Readonly<Record<ViewKind, readonly HelpLine[]>> = {
  head: [...HEADS, ...LINES],
  model: [...GRID, ...LINES],
  matrix: [...HEADS, ...HEAT],
  neuron: [...HEADS, ...LINES, ...NEURONS],
  text: [...HEADS, ...TEXT],
  explorer: [...GRID, ...HEADS, ...LINES],
};

const ON_HEADS: readonly HelpLine[] = [
  ["Click a head", "it alone, or all again"],
  ["Ctrl, ⌘ or Shift click", "add or remove the head"],
];
const ON_TOKENS: readonly HelpLine[] = [
  ["Point", "read the weights there"],
  ["Click", "pin it, so that it stays; click again to unpin"],
];

/** What the parts of a view mean, what the mouse does, and the keys. */
export function helpContent(view: ViewKind, keys: readonly HelpLine[]): HTMLElement[] {
  return [
    section("What you see", SEEN[view]),
    section("Mouse", [...ON_TOKENS, ...ON_HEADS]),
    section("Keys", [...keys, ["?", "this help"], ["Tab", "the next control; at the end it leaves the view"]]),
  ];
}

function section(title: string, lines: readonly HelpLine[]): HTMLElement {
  const listed = lines.flatMap(([about, meaning]) => [element("dt", {}, about), element("dd", {}, meaning)]);
  return element("section", {}, element("h4", {}, title), element("dl", {}, ...listed));
}
