// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contextOf, fullSource, mapDescription, named } from "../../../testing/view";
import { explorer } from "./explorer";

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => {
  ending.abort();
});

async function open() {
  const maps = [mapDescription(["a", "b", "c"])];
  const context = contextOf(maps, fullSource(maps));
  const root = document.createElement("div");
  document.body.append(root);
  explorer(root, context, ending.signal);
  await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
  return { root, context };
}

test("a click on a head shows it alone, a second click shows all heads of its layer", async () => {
  const { root, context } = await open();
  named(root, "Layer 2 head 1").click();
  expect([context.selection.layer.value, context.selection.heads.value]).toEqual([2, [1]]);
  await vi.waitFor(() => expect(root.dataset.layer).toBe("2"));
  expect(named(root, "Layer 2 head 1").getAttribute("aria-pressed")).toBe("true");
  named(root, "Layer 2 head 1").click();
  expect([context.selection.layer.value, context.selection.heads.value]).toEqual([2, null]);
});

test("clicks and arrow keys choose the tab, and only its pane exists", async () => {
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

test("what an aid hides is missing from grid and pane, and the status line says so", async () => {
  const { root, context } = await open();
  context.options.aids.exclude.value = [0];
  expect(root.querySelectorAll("[data-key]")).toHaveLength(2);
  expect(root.querySelectorAll("[data-query]")).toHaveLength(3);
  expect(root.querySelector(".hs-shown")?.textContent).toContain("without an excluded key, renormalised");
});

test("a search finds a token, and Enter pins it for every view", async () => {
  const { root, context } = await open();
  const search = named(root, "Find a token") as HTMLInputElement;
  search.value = "B";
  search.dispatchEvent(new Event("input"));
  expect([...root.querySelectorAll(".hs-found")].map((token) => token.textContent)).toEqual(["b", "b"]);
  search.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  expect(context.selection.query.value).toBe(1);
});
