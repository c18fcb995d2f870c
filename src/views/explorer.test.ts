// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { explorer } from "./explorer";
import { contextOf, fullSource, mapInfo, named } from "./testing";

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => {
  ending.abort();
});

async function open() {
  const maps = [mapInfo(["a", "b", "c"])];
  const context = contextOf(maps, fullSource(maps));
  const root = document.createElement("div");
  document.body.append(root);
  explorer(root, context, ending.signal);
  await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
  return { root, context };
}

test("a click on a head goes to it alone, a second one back to all heads of its layer", async () => {
  const { root, context } = await open();
  named(root, "Layer 2 head 1").click();
  expect([context.selection.layer.value, context.selection.heads.value]).toEqual([2, [1]]);
  await vi.waitFor(() => expect(root.dataset.layer).toBe("2"));
  expect(named(root, "Layer 2 head 1").getAttribute("aria-pressed")).toBe("true");
  named(root, "Layer 2 head 1").click();
  expect([context.selection.layer.value, context.selection.heads.value]).toEqual([2, null]);
});

test("the tabs choose the pane, by click and by arrows, and only it exists", async () => {
  const { root, context } = await open();
  const tabs = [...root.querySelectorAll<HTMLElement>("[role=tab]")];
  for (const tab of tabs) {
    tab.click();
    expect(tab.getAttribute("aria-selected")).toBe("true");
    expect(root.querySelector(".hs-pane")?.getAttribute("aria-label")).toBe(tab.textContent);
    await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
  }
  (tabs.at(-1) as HTMLElement).dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  expect(context.options.tab.value).toBe("heads");
  expect(root.querySelectorAll(".hs-lines")).toHaveLength(1);
});

test("what is left out of the view is left out of grid and pane, and said", async () => {
  const { root, context } = await open();
  context.options.aids.hideSink.value = true;
  expect(root.querySelectorAll("[data-key]")).toHaveLength(2);
  expect(root.querySelectorAll("[data-query]")).toHaveLength(3);
  expect(root.querySelector(".hs-shown")?.textContent).toContain("without the first key, renormalised");
});

test("a token is found, and Enter pins it for every view", async () => {
  const { root, context } = await open();
  const search = named(root, "Find a token") as HTMLInputElement;
  search.value = "B";
  search.dispatchEvent(new Event("input"));
  expect([...root.querySelectorAll(".hs-found")].map((token) => token.textContent)).toEqual(["b", "b"]);
  search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(context.selection.query.value).toBe(1);
});
