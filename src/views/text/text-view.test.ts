import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contextOf, fullSource, headWeights, MemorySource, mapDescription, named, press } from "../../../testing/view";
import type { MapDescription } from "../../contract.gen";
import { textView } from "./text-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

const TOKENS = ["[CLS]", "The", " cat", " sat", ".\n\n", "[SEP]"];

function open(
  maps: readonly MapDescription[] = [mapDescription(TOKENS, { query_special: [0, 5] })],
  source = fullSource(maps),
) {
  const context = contextOf(maps, source);
  const root = document.createElement("div");
  document.body.append(root);
  textView(root, context, ending.signal);
  const token = (side: string, position: number) => root.querySelector(`[data-${side}="${position}"]`) as HTMLElement;
  const shades = (side: string) =>
    [...root.querySelectorAll<HTMLElement>(`.hs-piece[data-${side}]`)].map((one) =>
      Number(one.dataset.shade).toFixed(2),
    );
  const readout = () => root.querySelector(".hs-readout")?.textContent ?? "";
  const legend = () => root.querySelector(".hs-heat-legend-name")?.textContent ?? "";
  const prose = () => [...root.querySelectorAll(".hs-prose")].map((one) => one.textContent);
  const titles = () => [...root.querySelectorAll(".hs-prose-title")].map((one) => one.textContent);
  return { root, context, token, shades, readout, legend, prose, titles };
}

const hover = (target: Element) => target.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));

test("the input reads as text: spaces and line breaks are its own, special tokens stand out", () => {
  const { root, prose, titles } = open();
  expect(prose()).toEqual(["[CLS]The cat sat.⏎⏎\n\n[SEP]"]);
  expect(titles()).toEqual([]);
  expect([...root.querySelectorAll(".hs-special")].map((one) => one.textContent)).toEqual(["[CLS]", "[SEP]"]);
  expect({ ...root.dataset }).toMatchObject({ view: "text", state: "ready", layer: "0" });
});

test("tokens that came without spaces are set apart, except within a word", () => {
  expect(open([mapDescription(["The", "cat", "sat"])]).prose()).toEqual(["The cat sat"]);
  const words = [0, 1, 1, 2];
  const pieces = mapDescription(["The", "kit", "ten", "sat"], { query_words: words, key_words: words });
  const { context, prose } = open([pieces]);
  expect(prose()).toEqual(["The kitten sat"]);
  context.options.aids.exclude.value = [0];
  expect(prose()).toEqual(["The kitten sat"]);
});

test("with nothing pointed at, tokens are shaded by the mean attention that they receive, and the view says so", () => {
  const { context, shades, legend, readout } = open();
  context.selection.heads.value = [1];
  const mean = (0.75 + 5 * 0.02) / 6;
  expect(shades("key")).toEqual(Array(6).fill(mean.toFixed(2)));
  expect(legend()).toBe("attention received, mean over queries, head 1, linear scale");
  expect(readout()).toContain("mean attention that each token receives");
});

test("pointing at a token shades what it attends to by the mean over the active heads", () => {
  const { context, token, shades, legend, readout } = open();
  hover(token("query", 2));
  expect(shades("key")).toEqual(["0.02", "0.02", "0.20", "0.20", "0.20", "0.20"]);
  expect(legend()).toBe("what “␣cat” attends to, mean of 4 heads, linear scale");
  expect(token("query", 2).classList.contains("hs-at")).toBe(true);
  context.selection.heads.value = [1];
  expect(shades("key")).toEqual(["0.02", "0.02", "0.02", "0.75", "0.02", "0.02"]);
  expect(readout()).toMatch(/^␣cat → ␣sat ≈ 0\.75 .*layer 0, head 1$/);
});

test("switching the direction keeps pinned tokens", () => {
  const { root, context, token, shades, legend } = open();
  const { selection, options } = context;
  selection.heads.value = [1];
  token("query", 2).click();
  expect([selection.query.value, selection.key.value]).toEqual([2, null]);
  const [out, into] = [...root.querySelectorAll<HTMLElement>(".hs-segments > button")];
  into?.click();
  expect([options.aids.direction.value, selection.query.value, selection.key.value]).toEqual(["in", null, 2]);
  expect(shades("query")).toEqual(["0.02", "0.75", "0.02", "0.02", "0.02", "0.02"]);
  expect(legend()).toBe("what attends to “␣cat”, head 1, linear scale");
  expect(into?.getAttribute("aria-pressed")).toBe("true");
  out?.click();
  expect([selection.query.value, selection.key.value]).toEqual([2, null]);
});

test("with a token pinned, pointing at another reads the number between the two", () => {
  const { root, context, token, shades, readout } = open();
  context.selection.heads.value = [1, 2];
  token("query", 2).click();
  hover(token("query", 3));
  expect(readout()).toBe("␣cat → ␣sat   layer 0, mean of 2 heads   ≈ 0.39");
  expect(shades("key")).toEqual(["0.02", "0.02", "0.02", "0.39", "0.39", "0.02"]);
  token("query", 3).click();
  expect([context.selection.query.value, context.selection.key.value]).toEqual([3, null]);
  press(root, "Escape");
  expect(context.selection.query.value).toBeNull();
});

test("shades follow the colour scale, and their ink is legible", () => {
  const { root, context, token } = open();
  context.selection.heads.value = [1];
  hover(token("query", 2));
  const strongest = token("key", 3).style;
  expect(strongest.color).toBe("#fff");
  const linear = token("key", 0).style.background;
  const select = named(root, "Scale") as HTMLSelectElement;
  select.value = "log";
  select.dispatchEvent(new Event("change"));
  expect(context.options.scale.value).toBe("log");
  expect(token("key", 0).style.background).not.toBe(linear);
  const lagoon = strongest.background;
  context.options.colorMap.value = "heat";
  expect([strongest.background === lagoon, strongest.color]).toEqual([false, "#fff"]);
});

test("arrow keys move over the tokens, Enter pins", () => {
  const { context, token } = open();
  token("query", 0).focus();
  press(token("query", 0), "ArrowRight");
  expect(document.activeElement).toBe(token("query", 1));
  press(token("query", 1), "End");
  expect(document.activeElement).toBe(token("query", 5));
  press(token("query", 5), "ArrowRight");
  press(token("query", 5), "ArrowLeft");
  press(token("query", 4), "Enter");
  expect([context.selection.query.value, context.selection.layer.value]).toEqual([4, 0]);
});

test("queries and keys of different texts are two passages, and each shades the other", () => {
  const cross = mapDescription(["un", " chat"], { name: "cross", label: "Cross", key_tokens: ["a", " cat", "."] });
  const { root, context, token, titles, prose, shades, legend } = open([cross]);
  expect([titles(), prose()]).toEqual([
    ["Query", "Key"],
    ["un chat", "a cat."],
  ]);
  expect(named(root, "Direction").closest("[hidden]")).not.toBeNull();
  context.selection.heads.value = [0];
  hover(token("key", 1));
  expect(shades("query")).toEqual(["0.02", "0.75"]);
  expect(legend()).toBe("what attends to “␣cat”, head 0, linear scale");
  token("query", 0).click();
  hover(token("key", 1));
  expect(legend()).toBe("what “un” attends to, head 0, linear scale");
  expect(shades("key")).toEqual(["0.75", "0.02", "0.02"]);
});

test("a pair is two sentences, and its filter applies", () => {
  const { context, titles, prose, token } = open([mapDescription(["a", " b", " c"], { sentence_b_start: 2 })]);
  expect([titles(), prose()]).toEqual([
    ["Sentence A", "Sentence B"],
    ["a b", " c"],
  ]);
  context.selection.pair.value = "bb";
  expect([titles(), prose()]).toEqual([["Sentence B"], [" c"]]);
  context.selection.pair.value = "ba";
  expect([titles(), prose()]).toEqual([
    ["Query: sentence B", "Key: sentence A"],
    [" c", "a b"],
  ]);
  expect([token("query", 0), token("key", 2)]).toEqual([null, null]);
});

test("a token whose key is hidden still shows what it attends to", () => {
  const { context, token, shades, prose } = open();
  context.options.aids.exclude.value = [0];
  context.selection.heads.value = [1];
  expect(prose()[0]).toContain("[CLS]The cat");
  expect(token("query", 0).dataset.key).toBeUndefined();
  hover(token("query", 2));
  expect(shades("key")).toEqual(["0.02", "0.02", "0.90", "0.02", "0.02"]);
  context.options.aids.search.value = "at";
  expect(token("query", 2).classList.contains("hs-found")).toBe(true);
});

test("missing weights are hatched and reported", async () => {
  const source = new MemorySource();
  const { root, token, readout } = open([mapDescription(["a", " b"])], source);
  expect(root.dataset.state).toBe("pending");
  source.last.resolve([0, 1, 2, 3].map(() => headWeights(2, 2, (query) => (query === 0 ? Number.NaN : 0.5))));
  await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
  expect(readout()).toBe("8 weights are missing (NaN)");
  hover(token("query", 0));
  expect(token("key", 1).dataset.shade).toBe("NaN");
  expect(token("key", 1).classList.contains("hs-missing")).toBe(true);
  expect(token("key", 1).style.background).toBe("");
  expect(token("key", 1).title).toBe("missing");
  expect(readout()).toBe("a → missing   layer 0, mean of 4 heads");
  hover(token("query", 1));
  expect(token("key", 1).title).toBe("position 1");
  expect(readout()).not.toContain("missing");
});

test("hostile tokens are shown as text, and at the end the view is empty", () => {
  const { root, context, token } = open([mapDescription(["<img src=x>", " </script><b>", "שלום"])]);
  hover(token("query", 1));
  expect(root.querySelector("img, script, .hs-prose b")).toBeNull();
  ending.abort();
  expect(root.childElementCount).toBe(0);
  expect(context.selection.hover.value).toEqual({ query: null, key: null });
});

test("positions stand above the text at every fifth token, and at a token under the pointer", () => {
  const words = Array.from({ length: 12 }, (_, at) => (at === 0 ? "[CLS]" : ` w${at}`));
  const { root, token, prose } = open([mapDescription(words, { query_special: [0] })]);
  const numbers = [...root.querySelectorAll<HTMLElement>(".hs-prose-number")];
  expect(numbers.map((one) => one.dataset.number)).toEqual(["0", "5", "10"]);
  expect(numbers.map((one) => one.nextElementSibling)).toEqual([0, 5, 10].map((at) => token("query", at)));
  expect(prose()).toEqual([words.join("")]);
  expect(token("query", 7).title).toBe("position 7");
});
