import { batch, effect } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import { liveCapture } from "../../core/state/live-capture";
import { mirrorOf } from "./mirror";

function setUp() {
  const maps = [
    mapDescription(["a", "b", "c"]),
    mapDescription(["a", "b", "c"], { name: "cross", sentence_b_start: 1 }),
  ];
  const context = contextOf(maps, fullSource(maps));
  const ended = new AbortController();
  const capture = liveCapture(context, () => {});
  return { context, capture, ended, mirror: mirrorOf(capture, ended.signal) };
}

describe("a mirror of a capture", () => {
  it("follows it", () => {
    const { context, mirror } = setUp();
    expect(mirror.selection.layer.value).toBe(0);
    context.selection.layer.value = 2;
    context.selection.heads.value = [1];
    context.status.value = "busy";
    context.name.value = "Other";
    expect([mirror.selection.layer.value, mirror.selection.heads.value]).toEqual([2, [1]]);
    expect([mirror.status.value, mirror.name.value]).toEqual(["busy", "Other"]);
  });

  it("updates the capture, in one step for changes of one batch", () => {
    const { context, mirror } = setUp();
    const seen: string[] = [];
    effect(() => void seen.push(`${context.selection.map.value} ${context.selection.pair.value}`));
    batch(() => {
      mirror.selection.map.value = "cross";
      mirror.selection.pair.value = "ab";
    });
    expect(seen).toEqual(["self all", "cross ab"]);
  });

  it("reverts what the capture does not accept", () => {
    const { context, mirror } = setUp();
    effect(() => {
      if (context.selection.layer.value > 2) context.selection.layer.value = 2;
    });
    mirror.selection.layer.value = 7;
    expect(mirror.selection.layer.value).toBe(2);
  });

  it("stops following at the end", () => {
    const { context, mirror, ended } = setUp();
    ended.abort();
    context.selection.layer.value = 2;
    mirror.selection.query.value = 1;
    expect([mirror.selection.layer.value, context.selection.query.value]).toEqual([0, null]);
  });
});
