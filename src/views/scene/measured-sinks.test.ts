import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contextOf, headWeights, MemorySource, mapDescription, named } from "../../../testing/view";
import { headView } from "../head/head-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => ending.abort());

/** Each query gives half of its attention to key `sink`, and the rest evenly to the others. */
const head = (sink: number) => headWeights(4, 4, (_, key) => (key === sink ? 0.5 : 1 / 6));

function open(held = [0, 1, 2, 3]) {
  const maps = [mapDescription(["The", "cat", "sat", "down"])];
  const source = new MemorySource();
  source.longDescription = maps[0] as (typeof maps)[number];
  const all = [0, 1, 2, 3].map(() => head(2));
  for (const at of held) source.held.set(`block self 0 ${at}`, all[at] as never);
  source.hold(
    "block",
    "self",
    1,
    [0, 1, 2, 3].map(() => head(0)),
  );
  source.hold(
    "block",
    "self",
    2,
    [0, 1, 2, 3].map(() => headWeights(4, 4, () => 0.25)),
  );
  const context = contextOf(maps, source);
  const root = document.createElement("div");
  document.body.append(root);
  headView(root, context, ending.signal);
  const keys = () => [...root.querySelectorAll(".hs-token[data-key]")].map((one) => one.textContent);
  const chips = () => [...root.querySelectorAll(".hs-key-chip")].map((one) => one.getAttribute("aria-label"));
  return { root, context, source, keys, chips, bar: () => root.querySelector(".hs-left-out") as HTMLElement };
}

test("sinks are measured in each layer, named, brought back and left out again", () => {
  const { root, context, keys, chips, bar } = open();
  expect(bar().hidden).toBe(true);
  named(root, "Hide sinks").click();
  expect([keys(), chips()]).toEqual([["The", "cat", "down"], ["sat [2]: bring it back"]]);
  context.selection.layer.value = 1;
  expect([keys(), chips()]).toEqual([["cat", "sat", "down"], ["The [0]: bring it back"]]);
  named(root, "The [0]: bring it back").click();
  expect([keys().length, context.options.aids.keepSinks.value]).toEqual([4, [0]]);
  named(root, "The [0]: leave it out again").click();
  expect(keys()).toEqual(["cat", "sat", "down"]);
  context.selection.layer.value = 2;
  expect([keys().length, bar().textContent]).toEqual([4, expect.stringContaining("no key of this layer")]);
});

test("the share above which a key is a sink is the reader's", () => {
  const { root, context, keys } = open();
  named(root, "Hide sinks").click();
  const share = named(root, "Share of a sink") as HTMLInputElement;
  share.value = "0.6";
  share.dispatchEvent(new Event("change"));
  expect([context.options.aids.sinkShare.value, keys().length]).toEqual([0.6, 4]);
});

test("if only some heads can be had, these are measured", async () => {
  const { root, context, source, keys } = open([1]);
  context.selection.heads.value = [1];
  named(root, "Hide sinks").click();
  expect(keys()).toEqual(["cat", "sat", "down"]);
  await vi.waitFor(() => expect(source.last.heads).toEqual([0, 1, 2, 3]));
  source.last.reject(new Error("Not here."));
  await vi.waitFor(() => expect(source.last.heads).toEqual([1]));
  source.last.resolve([head(2)]);
  await vi.waitFor(() => expect(keys()).toEqual(["The", "cat", "down"]));
});

test("Delete leaves out the key with the focus, and a query without other keys says so", () => {
  const { root, context, keys, chips } = open();
  context.selection.heads.value = [1];
  const cat = root.querySelector<HTMLElement>(".hs-token[data-key='1']");
  cat?.focus();
  cat?.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete", bubbles: true }));
  expect([keys(), context.options.aids.exclude.value]).toEqual([["The", "sat", "down"], [1]]);
  expect(chips()).toEqual(["cat [1]: bring it back"]);
  named(root, "cat [1]: bring it back").click();
  expect(keys().length).toBe(4);
});
