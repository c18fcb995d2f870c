import type { AnyModel } from "@anywidget/types";
import { effect } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import type { StoreTraits } from "../contract.gen";
import { MemoryModel } from "../sources/testing";
import { traitSignal } from "./traits";

function setUp(traits: Partial<StoreTraits>) {
  const model = new MemoryModel(traits);
  const ended = new AbortController();
  return { model, ended, any: model as unknown as AnyModel<StoreTraits> };
}

describe("traitSignal", () => {
  it("saves what the page chooses, and nothing that is there already", () => {
    const { model, ended, any } = setUp({ layer: 1, heads: [0, 2] });
    const layer = traitSignal(any, "layer", ended.signal);
    const heads = traitSignal(any, "heads", ended.signal);
    expect(model.saved).toBe(0);
    heads.value = [0, 2];
    expect(model.saved).toBe(0);
    layer.value = 5;
    expect([model.get("layer"), model.saved]).toEqual([5, 1]);
  });

  it("follows the kernel without saving back", () => {
    const { model, ended, any } = setUp({ layer: 1 });
    const layer = traitSignal(any, "layer", ended.signal);
    const seen: number[] = [];
    effect(() => void seen.push(layer.value));
    model.set("layer", 3);
    expect([seen, model.saved]).toEqual([[1, 3], 0]);
  });

  it("lets go at the end", () => {
    const { model, ended, any } = setUp({ layer: 1 });
    const layer = traitSignal(any, "layer", ended.signal);
    ended.abort();
    model.set("layer", 3);
    layer.value = 9;
    expect([model.get("layer"), model.saved]).toEqual([3, 0]);
  });
});
