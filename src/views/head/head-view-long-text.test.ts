import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contextOf, headWeights, MemorySource, mapDescription, named, press } from "../../../testing/view";
import { textView } from "../text/text-view";
import { headView } from "./head-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

const COUNT = 700;
const TOKENS = Array.from({ length: COUNT }, (_, at) => ` t${at}`);

/** A map of 700 tokens: each query gives itself 0.75 and the first key 0.25. */
function open(view = headView) {
  const maps = [mapDescription(TOKENS)];
  const source = new MemorySource();
  source.longDescription = maps[0] as (typeof maps)[0];
  const head = headWeights(COUNT, COUNT, (query, key) => (query === key ? 0.75 : key === 0 ? 0.25 : 0));
  for (const layer of [0, 1, 2]) source.hold("block", "self", layer, [head, head, head, head]);
  const context = contextOf(maps, source);
  context.selection.heads.value = [2];
  const root = document.createElement("div");
  document.body.append(root);
  view(root, context, ending.signal);
  const texts = (side: string) => [...root.querySelectorAll(`.hs-${side} > .hs-token`)].map((one) => one.textContent);
  const readout = () => root.querySelector(".hs-readout")?.textContent ?? "";
  return { root, context, texts, readout };
}

const over = (target: Element | null) => target?.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
const rowOf = (root: Element, text: string, side = "query") =>
  [...root.querySelectorAll<HTMLElement>(`.hs-${side} > .hs-token`)].find((one) => one.textContent === text);

describe("the head view of a long map", () => {
  it("shows the first tokens, and gathers the others by position", () => {
    const { root, texts } = open();
    expect(root.dataset.state).toBe("ready");
    expect([texts("query").length, texts("query")[0], texts("key").at(-1)]).toEqual([40, "t0", "t39"]);
    expect(root.querySelectorAll(".hs-query .hs-after .hs-gathered")).toHaveLength(16);
    expect(root.querySelector(".hs-query .hs-after")?.getAttribute("data-name")).toBe("660 after");
  });

  it("shows what a token gives to visible tokens, and to gathered ones together", () => {
    const { root, readout, context } = open();
    context.selection.query.value = 500;
    expect(readout()).toMatch(/t500 → .*t500 ≈ 0\.75.*t0 ≈ 0\.25/);
    over(root.querySelector(".hs-key .hs-before .hs-gathered"));
    expect(readout()).toMatch(/t500 → .*t0/);
  });

  it("brings pinned tokens into sight, wherever they were pinned", () => {
    const { context, texts } = open();
    context.selection.query.value = 300;
    expect(texts("query")).toContain("t300");
    expect(texts("key")).toContain("t300");
    context.selection.key.value = 600;
    expect(texts("key")).toContain("t600");
  });

  it("moves past its last row by keys, by pages and to both ends", () => {
    const { root, texts } = open();
    const last = rowOf(root, "t39") as HTMLElement;
    last.focus();
    press(last, "ArrowDown");
    expect([texts("query")[0], document.activeElement?.textContent]).toEqual(["t1", "t40"]);
    press(document.activeElement as Element, "PageDown");
    expect(document.activeElement?.textContent).toBe("t80");
    press(document.activeElement as Element, "End");
    expect([texts("query").at(-1), document.activeElement?.textContent]).toEqual(["t699", "t699"]);
    press(document.activeElement as Element, "Home");
    expect([texts("query")[0], document.activeElement?.textContent]).toEqual(["t0", "t0"]);
  });

  it("a click on a gathered row goes there, and pins nothing", () => {
    const { root, texts, context } = open();
    const rows = root.querySelectorAll<HTMLElement>(".hs-key .hs-after .hs-gathered");
    rows[rows.length - 1]?.click();
    expect(texts("key")).toContain("t680");
    expect([context.selection.query.value, context.selection.key.value]).toEqual([null, null]);
  });

  it("moves by the minimap, which shows where the window is", () => {
    const { root, texts } = open();
    const map = named(root, "Tokens in sight");
    expect([map.getAttribute("aria-valuenow"), map.getAttribute("aria-valuemax")]).toEqual(["0", "660"]);
    press(map, "PageDown");
    press(map, "ArrowDown");
    expect([texts("query")[0], map.getAttribute("aria-valuenow")]).toEqual(["t41", "41"]);
    press(map, "End");
    expect(texts("query")[0]).toBe("t660");
  });

  it("hides tokens before it chooses the visible rows", () => {
    const { context, texts } = open();
    context.options.aids.exclude.value = [0];
    expect([texts("key")[0], texts("query")[0]]).toEqual(["t1", "t0"]);
  });
});

describe("the text view of a long map", () => {
  it("shows a passage of the text between chips for what is before and after", () => {
    const { root, context, readout } = open(textView);
    expect(root.querySelectorAll(".hs-prose .hs-piece")).toHaveLength(192);
    expect(root.querySelectorAll(".hs-beyond")).toHaveLength(16);
    context.selection.query.value = 400;
    expect(root.querySelector(".hs-prose")?.textContent).toContain("t400");
    expect(readout()).toMatch(/t400 → .*t400 ≈ 0\.75.*t0 ≈ 0\.25/);
    const chips = root.querySelectorAll<HTMLElement>(".hs-beyond");
    expect(chips).toHaveLength(32);
    expect(Number(chips[0]?.dataset.shade)).toBeCloseTo(0.25, 2);
    chips[0]?.click();
    expect(root.querySelector(".hs-prose")?.textContent).toMatch(/^ ?t0/);
    expect(context.selection.query.value).toBe(400);
  });

  it("is coloured by what each token gets, also where a chip stands for many, and says so", () => {
    const { root, context } = open(textView);
    context.selection.query.value = 400;
    const chips = [...root.querySelectorAll<HTMLElement>(".hs-beyond")];
    const own = root.querySelector<HTMLElement>(".hs-piece[data-query='400'], .hs-piece[aria-selected]");
    const colors = new Set(chips.map((chip) => chip.style.background));
    // The first chip has a quarter of the attention, but little of it per token.
    expect(Number(chips[0]?.dataset.shade)).toBeCloseTo(0.25, 2);
    expect(own?.style.background).not.toBe("");
    expect(colors.has(own?.style.background ?? "")).toBe(false);
    expect(root.querySelector(".hs-heat-legend-name")?.textContent).toContain("gathered tokens by their mean");
  });

  it("is shaded by the mean over all queries, each row weighted by its number of tokens", () => {
    const { root } = open(textView);
    const [first, second] = root.querySelectorAll<HTMLElement>(".hs-prose .hs-piece");
    expect(Number(first?.dataset.shade)).toBeCloseTo(0.25 + 0.5 / COUNT, 2);
    expect(Number(second?.dataset.shade)).toBeCloseTo(0.75 / COUNT, 3);
  });
});
