import { expect, it } from "vitest";
import { channel } from "./channel";

it("tells its followers of changes alone, until their signal aborts", () => {
  const layer = channel(3);
  const seen: number[] = [];
  const ended = new AbortController();
  layer.follow((value) => seen.push(value), ended.signal);
  layer.set(3);
  layer.set(4);
  ended.abort();
  layer.set(5);
  expect(seen).toEqual([4]);
  expect(layer.get()).toBe(5);
});
