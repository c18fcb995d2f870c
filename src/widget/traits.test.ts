import type { AnyModel } from "@anywidget/types";
import { effect, signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { MemoryModel } from "../../testing/kernel";
import type { StoreTraits } from "../contract.gen";
import type { Status } from "../core/state/context";
import { traitSignal } from "./traits";

function setUp(traits: ConstructorParameters<typeof MemoryModel>[0]) {
  const model = new MemoryModel(traits);
  const ended = new AbortController();
  const status = signal<Status>("live");
  return { model, ended, status, any: model as unknown as AnyModel<StoreTraits> };
}

describe("traitSignal", () => {
  it("saves what the page changes, and nothing that is unchanged", () => {
    const { model, ended, status, any } = setUp({ layer: 1, heads: [0, 2] });
    const layer = traitSignal(any, "layer", ended.signal, status);
    const heads = traitSignal(any, "heads", ended.signal, status);
    expect(model.saved).toBe(0);
    heads.value = [0, 2];
    expect(model.saved).toBe(0);
    layer.value = 5;
    expect([model.get("layer"), model.saved]).toEqual([5, 1]);
  });

  it("follows the kernel without saving back", () => {
    const { model, ended, status, any } = setUp({ layer: 1 });
    const layer = traitSignal(any, "layer", ended.signal, status);
    const seen: number[] = [];
    effect(() => void seen.push(layer.value));
    model.set("layer", 3);
    expect([seen, model.saved]).toEqual([[1, 3], 0]);
  });

  it("stops following at the end", () => {
    const { model, ended, status, any } = setUp({ layer: 1 });
    const layer = traitSignal(any, "layer", ended.signal, status);
    ended.abort();
    model.set("layer", 3);
    layer.value = 9;
    expect([model.get("layer"), model.saved]).toEqual([3, 0]);
  });

  it("changes the trait only in the page once the kernel has ended", () => {
    const { model, ended, status, any } = setUp({ layer: 1 });
    const layer = traitSignal(any, "layer", ended.signal, status);
    status.value = "offline";
    layer.value = 2;
    expect([model.get("layer"), model.saved]).toEqual([2, 1]);
    status.value = "stopped";
    layer.value = 3;
    expect([model.get("layer"), model.saved]).toEqual([3, 1]);
  });
});
