import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contextOf, fullSource, headWeights, MemorySource, mapDescription, named, press } from "../../../testing/view";
import type { MapDescription } from "../../contract.gen";
import { matrixView } from "./matrix-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

const TOKENS = ["[CLS]", " the", " cat", " sat", "[SEP]"];
/** Five tokens get the largest possible cells. */
const CELL = 28;

function open(
  maps: readonly MapDescription[] = [mapDescription(TOKENS, { query_special: [0, 4] })],
  source = fullSource(maps),
) {
  const context = contextOf(maps, source);
  const root = document.createElement("div");
  document.body.append(root);
  matrixView(root, context, ending.signal);
  const map = (index: number) => root.querySelector(`[data-map="${index}"]`) as HTMLElement;
  const count = () => root.querySelectorAll("[data-map]").length;
  const readout = () => root.querySelector(".hs-readout")?.textContent ?? "";
  const grid = root.querySelector(".hs-panels") as HTMLElement;
  const names = (side: string) => [...root.querySelectorAll(`.hs-tick[data-${side}]`)];
  const legend = () => root.querySelector(".hs-heat-legend")?.textContent ?? "";
  return { root, context, map, count, readout, grid, names, legend };
}

/** Points at a cell of the whole map. */
function point(target: Element, type: string, query: number, key: number, more: PointerEventInit = {}): PointerEvent {
  const place = { clientX: (key + 0.5) * CELL, clientY: (query + 0.5) * CELL };
  const event = new PointerEvent(type, { ...place, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event;
}

function wheel(target: Element, deltaY: number, more: { readonly ctrlKey?: boolean } = {}): boolean {
  const event = new WheelEvent("wheel", { deltaY, bubbles: true, cancelable: true });
  // The wheel event of happy-dom has neither a position nor modifier keys.
  const rest = { clientX: 70, clientY: 70, ctrlKey: false, metaKey: false, ...more };
  for (const [name, value] of Object.entries(rest)) Object.defineProperty(event, name, { value });
  target.dispatchEvent(event);
  return event.defaultPrevented;
}

const choose = (select: HTMLElement, value: string) => {
  (select as HTMLSelectElement).value = value;
  select.dispatchEvent(new Event("change"));
};

test("the active heads are named maps side by side, or one map of their mean or sum", () => {
  const { root, context, count, legend } = open();
  expect({ ...root.dataset }).toMatchObject({ view: "matrix", state: "ready", layer: "0" });
  expect(count()).toBe(4);
  const names = [...root.querySelectorAll(".hs-caption")].map((one) => one.textContent);
  expect(names).toEqual(["head 0", "head 1", "head 2", "head 3"]);
  expect(legend()).toBe("weight, linear scale00.3750.750");
  choose(named(root, "Show heads"), "mean");
  expect([count(), context.options.combine.value]).toEqual([1, "mean"]);
  expect(legend()).toContain("mean of 4 heads, linear scale");
  context.options.combine.value = "sum";
  expect(legend()).toBe("sum of 4 heads, linear scale00.4050.810");
  context.selection.heads.value = [2];
  expect([count(), legend().startsWith("weight")]).toEqual([1, true]);
  expect((named(root, "Show heads") as HTMLSelectElement).disabled).toBe(true);
});

test("the legend shows the ends and the middle of the chosen scale", () => {
  const { root, context, legend } = open();
  choose(named(root, "Scale"), "sqrt");
  expect(context.options.scale.value).toBe("sqrt");
  expect(legend()).toBe("weight, square root scale00.1880.750");
  context.options.scale.value = "log";
  expect(legend()).toBe("weight, log scale≤ 8 × 10⁻⁵0.00750.750");
});

test("the legend shows the chosen colours", () => {
  const { root, context } = open();
  const ramp = () => (root.querySelector(".hs-ramp") as HTMLElement).style.background;
  const lagoon = ramp();
  choose(named(root, "Colour map"), "greys");
  expect(context.options.colorMap.value).toBe("greys");
  expect(ramp()).toContain("rgb(248 248 248)");
  context.options.colorMap.value = "lagoon";
  expect([ramp(), (named(root, "Colour map") as HTMLSelectElement).value]).toEqual([lagoon, "lagoon"]);
});

test("pointing reads the weight in the map under the pointer, and names its row and column", () => {
  const { root, context, map, readout } = open();
  point(map(1), "pointermove", 2, 3);
  expect(readout()).toBe("␣cat → ␣sat   layer 0, head 1   ≈ 0.75");
  expect(context.selection.hover.value).toEqual({ query: 2, key: 3 });
  expect([...root.querySelectorAll(".hs-tick.hs-at")].map((one) => one.textContent)).toContain("␣cat");
  point(map(0), "pointermove", 2, 3);
  expect(readout()).toBe("␣cat → ␣sat   layer 0, head 0   ≈ 0.020");
  root.querySelector(".hs-matrix")?.dispatchEvent(new PointerEvent("pointerleave"));
  expect(context.selection.hover.value).toEqual({ query: null, key: null });
  expect(root.querySelector(".hs-tick.hs-at")).toBeNull();
});

test("the mean and the sum are labelled as such", () => {
  const { context, map, readout } = open();
  context.options.combine.value = "sum";
  point(map(0), "pointermove", 2, 3);
  expect(readout()).toBe("␣cat → ␣sat   layer 0, all 4 heads as one   ≈ 0.81");
});

test("a click pins a cell for every view, another click or Escape unpins it, and a name pins its token alone", () => {
  const { root, context, map, names } = open();
  const { selection } = context;
  point(map(0), "click", 1, 4);
  expect([selection.query.value, selection.key.value]).toEqual([1, 4]);
  expect(root.querySelector(".hs-tick.hs-pinned[data-query]")?.textContent).toBe("␣the");
  // The pointer is still on it, and its mark would hide the pin.
  expect(root.querySelector(".hs-tick.hs-at[data-query]")).toBeNull();
  point(map(0), "click", 1, 4);
  expect([selection.query.value, selection.key.value]).toEqual([null, null]);
  point(map(0), "click", 1, 4);
  press(root, "Escape");
  expect([selection.query.value, selection.key.value]).toEqual([null, null]);
  (names("key")[2] as HTMLElement).click();
  expect([selection.query.value, selection.key.value]).toEqual([null, 2]);
});

test("arrows move from cell to cell, Enter pins, and the layer stays", () => {
  const { context, grid, readout } = open();
  context.selection.heads.value = [1];
  press(grid, "ArrowRight");
  expect(context.selection.hover.value).toEqual({ query: 2, key: 2 });
  press(grid, "ArrowRight");
  expect(readout()).toBe("␣cat → ␣sat   layer 0, head 1   ≈ 0.75");
  for (const key of ["ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft"]) press(grid, key);
  expect(context.selection.hover.value).toEqual({ query: 0, key: 2 });
  press(grid, "Enter");
  expect([context.selection.query.value, context.selection.key.value]).toEqual([0, 2]);
  const reached = ["End", "PageDown", "Home", "PageUp"].map((key) => {
    press(grid, key);
    return context.selection.hover.value;
  });
  expect(reached).toEqual([
    { query: 0, key: 4 },
    { query: 4, key: 4 },
    { query: 4, key: 0 },
    { query: 0, key: 0 },
  ]);
  expect(context.selection.layer.value).toBe(0);
});

const LONG = Array.from({ length: 100 }, (_, position) => `t${position}`);
const times = (root: HTMLElement) => root.querySelector(".hs-zoom-times")?.textContent;

test("keys and buttons zoom around the current cell, and arrows bring cells into sight", () => {
  const { root, context, grid } = open([mapDescription(LONG)]);
  context.selection.heads.value = [0];
  context.selection.query.value = 90;
  context.selection.key.value = 10;
  press(root, "+");
  press(root, "+");
  named(root, "Zoom in").click();
  expect(times(root)).toBe("3.4×");
  expect(root.querySelector(".hs-tick.hs-pinned[data-query='90']")).not.toBeNull();
  expect(root.querySelector(".hs-tick[data-query='10']")).toBeNull();
  context.selection.hover.value = { query: 90, key: 10 };
  for (let step = 0; step < 50; step++) press(grid, "ArrowUp");
  expect(root.querySelector(".hs-tick.hs-at[data-query='40']")).not.toBeNull();
  press(grid, "0");
  expect([times(root), context.selection.heads.value]).toEqual(["1.0×", [0]]);
  press(root, "-");
  expect(times(root)).toBe("1.0×");
});

test("the wheel scrolls the page unless the reader has addressed the map", () => {
  const { root, map, grid } = open([mapDescription(LONG)]);
  expect(wheel(map(0), 100)).toBe(false);
  expect(times(root)).toBe("1.0×");
  expect(wheel(map(0), -100, { ctrlKey: true })).toBe(true);
  expect(times(root)).toBe("1.4×");
  expect(wheel(map(0), 100)).toBe(false);
  grid.focus();
  expect(wheel(map(0), -9999)).toBe(true);
  expect(root.querySelector(".hs-tick[data-query='0']")).not.toBeNull();
  expect(wheel(map(0), -100)).toBe(false);
});

test("a drag moves a zoomed map and pins nothing", () => {
  const { root, context, map } = open([mapDescription(LONG)]);
  wheel(map(0), -999, { ctrlKey: true });
  wheel(map(0), -999, { ctrlKey: true });
  point(map(0), "pointerdown", 2, 2, { pointerId: 1, button: 0, buttons: 1 });
  point(map(0), "pointermove", 1, 1, { pointerId: 1, buttons: 1 });
  point(map(0), "pointerup", 1, 1, { pointerId: 1 });
  point(map(0), "click", 1, 1);
  expect(context.selection.query.value).toBeNull();
  expect(root.querySelector(".hs-tick[data-query='0']")).toBeNull();
  point(map(0), "pointerdown", 1, 1, { pointerId: 1, button: 0, buttons: 1 });
  point(map(0), "pointerup", 1, 1, { pointerId: 1 });
  point(map(0), "click", 1, 1);
  expect(context.selection.query.value).not.toBeNull();
});

test("two fingers zoom by how far they move apart", () => {
  const { root, map } = open([mapDescription(LONG)]);
  const finger = (type: string, at: number, pointerId: number) =>
    point(map(0), type, at, at, { pointerId, pointerType: "touch", button: 0, buttons: 1 });
  finger("pointerdown", 1, 1);
  finger("pointerdown", 3, 2);
  finger("pointermove", 5, 2);
  expect(times(root)).toBe("2.0×");
  finger("pointerup", 5, 2);
  finger("pointermove", 2, 1);
  expect(times(root)).toBe("2.0×");
});

test("the name of the token under the pointer hides neighbouring names that have no room", () => {
  const { root, context } = open([mapDescription(LONG)]);
  context.selection.heads.value = [0];
  const visible = () =>
    [...root.querySelectorAll<HTMLElement>(".hs-tick[data-query]")]
      .filter((one) => one.style.visibility !== "hidden")
      .map((one) => Number(one.dataset.query));
  expect(visible().slice(0, 4)).toEqual([0, 2, 4, 6]);
  context.selection.hover.value = { query: 3, key: null };
  expect(
    visible()
      .sort((a, b) => a - b)
      .slice(0, 4),
  ).toEqual([0, 3, 6, 8]);
  context.selection.hover.value = { query: null, key: null };
  expect(visible().slice(0, 4)).toEqual([0, 2, 4, 6]);
});

test("another map or other sentences reset the zoom", () => {
  const { root, context, map } = open([mapDescription(LONG, { sentence_b_start: 50 })]);
  wheel(map(0), -999, { ctrlKey: true });
  context.selection.layer.value = 1;
  expect(times(root)).toBe("1.4×");
  context.selection.pair.value = "bb";
  expect(times(root)).toBe("1.0×");
  expect(root.querySelector(".hs-tick[data-query='49']")).toBeNull();
  expect(root.querySelector(".hs-tick[data-query='50']")).not.toBeNull();
});

test("merged words, hidden tokens and a search take effect", () => {
  const { root, context, count, names } = open([
    mapDescription(TOKENS, { query_special: [0, 4], key_special: [0, 4] }),
  ]);
  context.options.aids.hideSpecial.value = true;
  expect(names("query").map((one) => one.textContent)).not.toContain("[CLS]");
  context.options.aids.search.value = "at";
  const found = [...root.querySelectorAll(".hs-tick.hs-found[data-key]")].map((one) => one.textContent);
  expect(found.slice(0, found.length / Math.min(4, count()))).toContain("␣cat");
});

test("maps have their places before their weights arrive, and missing weights are reported", async () => {
  const source = new MemorySource();
  const { root, count, readout, map } = open([mapDescription(["a", "b"])], source);
  expect([count(), root.dataset.state]).toEqual([4, "pending"]);
  expect(map(0).classList.contains("hs-empty")).toBe(true);
  source.last.resolve([0, 1, 2, 3].map(() => headWeights(2, 2, (query) => (query === 0 ? Number.NaN : 0.5))));
  await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
  expect(map(0).classList.contains("hs-empty")).toBe(false);
  expect(readout()).toBe("8 weights are missing (NaN)");
  point(map(0), "pointermove", 0, 0);
  expect(readout()).toBe("a → a   layer 0, head 0   missing");
});

test("hostile tokens are shown as text", () => {
  const { root, map } = open([mapDescription(["<img src=x>", "</script><b>", "\n"])]);
  point(map(0), "pointermove", 0, 1);
  expect(root.querySelector("img, script, .hs-tick b")).toBeNull();
});

test("at the end the view is empty, and other views are not left isolated", () => {
  const { root, context, map } = open();
  point(map(0), "pointermove", 0, 1);
  ending.abort();
  expect(root.childElementCount).toBe(0);
  expect(context.selection.hover.value).toEqual({ query: null, key: null });
});
