import { expect, test, vi } from "vitest";
import { contextOf, MemorySource, mapDescription } from "../../testing/view";
import { unpackAhead } from "./unpack-ahead";

// @vitest-environment happy-dom

function open(tokens: number) {
  const source = new MemorySource();
  const root = document.createElement("div");
  root.innerHTML = "<div></div>";
  const context = contextOf([mapDescription(Array(tokens).fill("a"))], source);
  context.selection.layer.value = 2;
  const paint = (state = "ready") => root.firstElementChild?.setAttribute("data-state", state);
  return { source, root, context, paint };
}

test("once the view is painted, its page unpacks the other layers, nearest first, and skips missing ones", async () => {
  const { source, root, context, paint } = open(3);
  const idle = vi.fn((then: () => void) => setTimeout(then));
  vi.stubGlobal("requestIdleCallback", idle);
  const done = unpackAhead(root, context);
  await vi.waitFor(() => expect(idle.mock.calls.length).toBeGreaterThan(4));
  expect(source.requests).toEqual([]);
  source.hold(
    "block",
    "self",
    2,
    Array.from({ length: 4 }, () => ({}) as never),
  );
  paint();
  for (const layer of [1, 0]) {
    await vi.waitFor(() => expect(source.requests.at(-1)?.layer).toBe(layer));
    source.requests.at(-1)?.reject(new Error("This page does not hold it."));
  }
  await done;
  expect(source.requests.map(({ layer }) => layer)).toEqual([1, 0]);
});

test("a view that shows an error does not delay unpacking forever", async () => {
  const { source, root, context, paint } = open(3);
  paint("error");
  void unpackAhead(root, context);
  await vi.waitFor(() => expect(source.requests.at(-1)?.layer).toBe(2));
});

test("a large page unpacks only what is requested", async () => {
  const { source, root, context, paint } = open(1200);
  paint();
  await unpackAhead(root, context);
  expect(source.requests).toEqual([]);
});
