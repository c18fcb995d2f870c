import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contextOf, headWeights, MemorySource, mapDescription, named, press } from "../../../testing/view";
import type { MapDescription, TileRequest } from "../../contract.gen";
import { matrixView } from "./matrix-view";

// @vitest-environment happy-dom

let ending: AbortController;

beforeEach(() => {
  ending = new AbortController();
  document.body.replaceChildren();
});

afterEach(() => {
  ending.abort();
  vi.useRealTimers();
});

const LENGTH = 1200;
const TOKENS = Array.from({ length: LENGTH }, (_, position) => `t${position}`);
const DESCRIPTION = { num_layers: 2, num_heads: [2, 2], no_vectors: ["", ""] };

/** Causal: each query looks at the key `head + layer + 1` positions back, and a little at itself. */
const HEADS = [0, 1].map((layer) =>
  [0, 1].map((head) =>
    headWeights(LENGTH, LENGTH, (query, key) =>
      key === query - head - layer - 1 ? 0.5 + head / 10 + layer / 5 : key === query ? 0.02 : 0,
    ),
  ),
);

/** Answers tile requests when the test lets it, and records them. */
class TiledSource extends MemorySource {
  readonly asked: { readonly request: TileRequest; readonly signal: AbortSignal }[] = [];
  readonly excerpts: number[] = [];
  isOpen = true;
  readonly #cached = new Set<string>();
  #go: (() => void)[] = [];

  constructor(description: MapDescription) {
    super();
    this.longDescription = description;
    this.hold("block", "self", 0, HEADS[0] ?? []);
    this.hold("block", "self", 1, HEADS[1] ?? []);
    const [peek, tiles, excerpt] = [this.peekTile, this.tiles, this.excerpt];
    const name = (of: object) => JSON.stringify(Object.values(of));
    Object.assign(this, {
      fetch: async ({ layer, heads }: { layer: number; heads: number[] }) => heads.map((head) => HEADS[layer]?.[head]),
      peekExcerpt: ({ heads }: { heads: number[] }) => heads.map(() => undefined),
      peekTile: (({ map, layer, head, pool, level, row, column }) =>
        this.#cached.has(name({ map, layer, head, pool, level, row, column }))
          ? peek({ map, layer, head, pool, level, row, column })
          : undefined) satisfies typeof peek,
      excerpt: (async (...given) => {
        this.excerpts.push(...(given[0].queries[0] ?? []));
        return excerpt(...given);
      }) satisfies typeof excerpt,
      tiles: (async (request, lane, take, signal) => {
        this.asked.push({ request, signal });
        if (!this.isOpen) await new Promise<void>((go) => this.#go.push(go));
        if (signal.aborted) throw signal.reason;
        await tiles(
          request,
          lane,
          (tile) => {
            const { map, layer, head, pool, level, row, column } = tile;
            this.#cached.add(name({ map, layer, head, pool, level, row, column }));
            take(tile);
          },
          signal,
        );
      }) satisfies typeof tiles,
    });
  }

  open(): void {
    this.isOpen = true;
    for (const go of this.#go) go();
    this.#go = [];
  }
}

function open(change: (context: ReturnType<typeof contextOf>, source: TiledSource) => void = () => {}) {
  const description = mapDescription(TOKENS, DESCRIPTION);
  const source = new TiledSource(description);
  const context = contextOf([description], source);
  context.selection.heads.value = [0];
  change(context, source);
  const root = document.createElement("div");
  document.body.append(root);
  matrixView(root, context, ending.signal);
  const panels = root.querySelector(".hs-panels") as HTMLElement;
  const text = (name: string) => root.querySelector(`.${name}`)?.textContent ?? "";
  const ready = () => vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
  const map = (index = 0) => root.querySelector(`[data-map="${index}"]`) as HTMLElement;
  return { root, context, source, panels, text, ready, map };
}

/** Points at a cell of the whole map, which is 640 CSS pixels wide. */
function point(target: Element, query: number, key: number): void {
  const at = (position: number) => ((position + 0.5) * 640) / LENGTH;
  target.dispatchEvent(new PointerEvent("pointermove", { clientX: at(key), clientY: at(query), bubbles: true }));
}

const levels = (source: TiledSource) => source.asked.flatMap(({ request }) => request.tiles.map(([level]) => level));

test("the coarse whole comes first, then the visible part at the screen's resolution, and never a whole head", async () => {
  const { root, source, panels, ready, text } = open();
  await ready();
  expect(source.requests).toEqual([]);
  expect(source.asked[0]?.request).toMatchObject({ map: "self", layer: 0, heads: [0], pool: "max" });
  expect(source.asked[0]?.request.tiles[0]).toEqual([3, 0, 0]);
  expect(new Set(levels(source))).toEqual(new Set([3, 1]));
  expect(panels.dataset.level).toBe("1");
  expect(root.dataset.layer).toBe("0");
  expect(text("hs-heat-legend")).toBe("weight, largest in 2 × 2 tokens, square root scale00.1260.502masked");
});

test("zooming in requests only single tokens, and the legend keeps its end", async () => {
  const { root, source, panels, ready, text } = open();
  await ready();
  for (let step = 0; step < 30; step++) press(panels, "+");
  expect(text("hs-zoom-times")).toBe("300×");
  await ready();
  expect(panels.dataset.level).toBe("0");
  expect(text("hs-heat-legend")).toBe("weight, square root scale00.1260.502masked");
  const count = source.asked.length;
  for (let step = 0; step < 4; step++) press(panels, "-");
  press(panels, "0");
  expect(root.dataset.state).toBe("ready");
  expect(source.asked).toHaveLength(count);
});

test("another layer is drawn once its coarse whole is there, and at once if that is in memory", async () => {
  const { root, context, source, ready, map } = open();
  await ready();
  source.isOpen = false;
  context.selection.layer.value = 1;
  expect({ ...root.dataset }).toMatchObject({ state: "pending", layer: "0" });
  expect(map().classList.contains("hs-empty")).toBe(false);
  source.open();
  await vi.waitFor(() => expect({ ...root.dataset }).toMatchObject({ state: "ready", layer: "1" }));
  context.selection.layer.value = 0;
  expect({ ...root.dataset }).toMatchObject({ state: "ready", layer: "0" });
});

test("outdated requests are aborted; wanted ones go on", async () => {
  const { context, source, panels, ready } = open((_, one) => {
    one.isOpen = false;
  });
  const [first] = source.asked;
  press(panels, "+");
  press(panels, "+");
  expect(source.asked).toHaveLength(1);
  expect(first?.signal.aborted).toBe(false);
  context.selection.layer.value = 1;
  expect(first?.signal.aborted).toBe(true);
  expect(source.asked.map(({ request }) => request.layer)).toEqual([0, 1]);
  source.open();
  await ready();
  ending.abort();
  expect(source.asked.at(-1)?.signal.aborted).toBe(true);
});

test("a cell shows the value of its bin at once, and then its exact weight", async () => {
  const { map, source, ready, text } = open();
  await ready();
  point(map(), 700, 699);
  expect(text("hs-readout")).toBe("t700 [700] → t699 [699]   layer 0, head 0   ≤ ≈ 0.50 in 2 × 2 tokens");
  await vi.waitFor(() => expect(text("hs-readout")).toMatch(/head 0 {3}≈ 0\.50$/));
  expect(source.excerpts).toEqual([700, 701]);
  point(map(), 100, 900);
  expect(text("hs-readout")).toMatch(/head 0 {3}≈ 0$/);
});

test("a cell whose single-token tile is here is not requested again", async () => {
  const { panels, context, source, ready, text } = open();
  await ready();
  for (let step = 0; step < 10; step++) press(panels, "+");
  await ready();
  vi.useFakeTimers();
  context.selection.query.value = 600;
  context.selection.key.value = 599;
  expect(text("hs-readout")).toMatch(/head 0 {3}≈ 0\.50$/);
  await vi.advanceTimersByTimeAsync(10_000); // However long the pointer rests.
  expect(source.excerpts).toEqual([]);
});

test("means are labelled, and combined heads offer nothing else", async () => {
  const { root, context, ready, text, map } = open();
  await ready();
  context.options.pool.value = "mean";
  await ready();
  expect(text("hs-heat-legend")).toContain("weight, mean in 2 × 2 tokens");
  point(map(), 700, 699);
  expect(text("hs-readout")).toContain("mean ≈ ");
  context.options.pool.value = "max";
  context.options.combine.value = "sum";
  context.selection.heads.value = null;
  await ready();
  expect(text("hs-heat-legend")).toContain("sum of 2 heads, mean in 2 × 2 tokens");
  expect((named(root, "Each cell shows") as HTMLSelectElement).disabled).toBe(true);
  await vi.waitFor(() => expect(text("hs-readout")).toMatch(/all 2 heads as one {3}≈ 0\.50$/));
});

test("the view says which aids cannot act on tiles, and leaves the tokens alone", async () => {
  const { root, context, ready, text } = open();
  await ready();
  expect(text("hs-heat-note")).toBe("");
  context.options.aids.topK.value = 3;
  expect(text("hs-heat-note")).toBe(
    "Heat maps of more than 512 tokens show every token: strongest keys do not act here.",
  );
  context.options.aids.hideSink.value = true;
  expect(text("hs-heat-note")).toContain("hidden sinks and strongest keys do not act here.");
  expect(root.querySelector(".hs-tick[data-key='0']")).not.toBeNull();
  context.options.aids.hideSink.value = false;
  context.options.aids.topK.value = null;
  expect(text("hs-heat-note")).toBe("");
});

test("tokens that Python pins out of sight are brought into sight", async () => {
  const { root, context, panels, ready } = open();
  await ready();
  for (let step = 0; step < 12; step++) press(panels, "+");
  expect(root.querySelector(".hs-tick[data-query='1100']")).toBeNull();
  context.selection.query.value = 1100;
  expect(root.querySelector(".hs-tick.hs-pinned[data-query='1100']")).not.toBeNull();
  press(panels, "0");
  for (let step = 0; step < 12; step++) press(panels, "+");
  expect(root.querySelector(".hs-tick.hs-pinned[data-query='1100']")).not.toBeNull();
});

test("an error of the source is shown, and the request can be retried", async () => {
  const { root, context, source, ready } = open((_, one) => {
    const { tiles } = one;
    let isBroken = true;
    Object.assign(one, {
      tiles: ((...given) => {
        if (!isBroken) return tiles(...given);
        isBroken = false;
        return Promise.reject(new Error("The kernel has no such layer."));
      }) satisfies typeof tiles,
    });
  });
  await vi.waitFor(() => expect(root.dataset.state).toBe("error"));
  expect(root.querySelector(".hs-notice")?.textContent).toContain("The kernel has no such layer.");
  (root.querySelector(".hs-notice button") as HTMLElement).click();
  await ready();
  expect(source.asked.length).toBeGreaterThan(0);
  expect(context.selection.layer.value).toBe(0);
});

test("a short map of the same capture is drawn from whole heads", async () => {
  const long = mapDescription(TOKENS, DESCRIPTION);
  const short = mapDescription(["a", "b"], { ...DESCRIPTION, name: "cross" });
  const source = new TiledSource(long);
  source.hold(
    "block",
    "cross",
    0,
    [0, 1].map(() => headWeights(2, 2, () => 0.5)),
  );
  const context = contextOf([long, short], source);
  const root = document.createElement("div");
  document.body.append(root);
  matrixView(root, context, ending.signal);
  await vi.waitFor(() => expect(root.dataset.state).toBe("ready"));
  expect((named(root, "Each cell shows").closest(".hs-control") as HTMLElement).hidden).toBe(false);
  context.selection.map.value = "cross";
  expect(root.dataset.state).toBe("ready");
  expect((named(root, "Each cell shows").closest(".hs-control") as HTMLElement).hidden).toBe(true);
  expect(root.querySelector(".hs-heat-legend")?.textContent).toContain("weight, linear");
});
