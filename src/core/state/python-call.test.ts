import { signal } from "@preact/signals-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MapDescription, ViewKind } from "../../contract.gen";
import type { PictureExporter } from "../look/picture-export";
import type { ViewContext } from "./context";
import { localContext } from "./local-context";
import { pythonCall, pythonString } from "./python-call";
import type { Source } from "./source";
import { startOf } from "./view-state";

const SEGMENTS = ["system", "user", "assistant"].map((name, at) => ({ name, start: at, stop: at + 1 }));
const MAPS = ["encoder", "cross"].map(
  (name) =>
    ({
      name,
      num_layers: 3,
      num_heads: [4, 4, 4],
      query_segments: [],
      key_segments: SEGMENTS,
    }) as unknown as MapDescription,
);

function context(change: (context: ViewContext) => void = () => {}, include_layers = [0, 1, 2]): ViewContext {
  const start = { ...startOf(MAPS, { map: "encoder", layer: 1 }), include_layers };
  const [name, maps, status] = [signal("Tiny"), signal(MAPS), signal("file" as const)];
  const made = localContext(start, {
    name,
    maps,
    status,
    source: {} as Source,
    pictureExporter: {} as PictureExporter,
  });
  change(made);
  return made;
}

describe("the call that shows a view", () => {
  test("names only the layer while all other options have their defaults", () => {
    expect(pythonCall("head", context())).toBe("capture.head_view(layer=1)");
    expect(pythonCall("explorer", context())).toBe("capture.explorer(layer=1)");
  });

  test("loads the file that the view comes from", () => {
    const shown = { ...context(), file: signal('a "b".attn.safetensors') };
    expect(pythonCall("explorer", shown)).toBe('hs.load("a \\"b\\".attn.safetensors").explorer(layer=1)');
  });

  test("names the chosen options as Python does", () => {
    const chosen = context(
      ({ selection, options }) => {
        selection.map.value = "cross";
        selection.heads.value = [3, 0];
        selection.query.value = 5;
        selection.key.value = 0;
        selection.pair.value = "ab";
        options.aids.threshold.value = 0.05;
        options.aids.topK.value = 3;
        options.aids.mergeWords.value = true;
        options.aids.mergeSegments.value = true;
        options.aids.openSegments.value = [2, 0, 7]; // The last belongs to another map.
        options.theme.value = "dark";
      },
      [1, 2],
    );
    expect(pythonCall("head", chosen)).toBe(
      'capture.head_view(map="cross", layer=1, heads=[0, 3], query=5, key=0, pair="ab", threshold=0.05, top_k=3, ' +
        'merge_words=True, merge_segments=True, open_segments=[0, 2], include_layers=[1, 2], theme="dark")',
    );
  });

  test("a threshold of zero is named too", () => {
    const chosen = context(({ options }) => {
      options.aids.threshold.value = 0;
    });
    expect(pythonCall("head", chosen)).toBe("capture.head_view(layer=1, threshold=0)");
  });

  test("gives each view only the options that it takes", () => {
    const chosen = context(({ options }) => {
      options.detail.value = true;
      options.tab.value = "matrix";
      options.scale.value = "log";
      options.gain.value = 4;
      options.colorMap.value = "greys";
      options.combine.value = "mean";
      options.pool.value = "mean";
      options.includeHeads.value = [1];
    });
    const optionsOf = (view: ViewKind) => pythonCall(view, chosen).match(/\w+(?==)/g);
    expect(optionsOf("head")).toEqual(["layer", "scale", "gain"]);
    expect(optionsOf("matrix")).toEqual(["layer", "scale", "color_map", "combine", "pool"]);
    expect(optionsOf("text")).toEqual(["layer", "scale", "color_map"]);
    expect(optionsOf("neuron")).toEqual(["layer", "scale", "gain"]);
    expect(optionsOf("model")).toEqual(["layer", "scale", "gain", "color_map", "detail", "include_heads"]);
    expect(optionsOf("explorer")).toEqual([
      "layer",
      "scale",
      "gain",
      "color_map",
      "combine",
      "pool",
      "tab",
      "include_heads",
    ]);
  });
});

/** Reads escapes by Python's rules, as far as the code uses them. */
function read(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gsu, (_, four, eight, letter) =>
      letter ? ({ n: "\n", t: "\t" }[letter as string] ?? letter) : String.fromCodePoint(Number(`0x${four ?? eight}`)),
    );
}

describe("a text as Python", () => {
  test("an invisible character is escaped", () => {
    expect(pythonString('a "b" \\ \n\t')).toBe('"a \\"b\\" \\\\ \\n\\t"');
    expect(pythonString("é注🙂 \u00a0\u200b\0\u{e0001}")).toBe('"é注🙂 \\u00a0\\u200b\\u0000\\U000e0001"');
  });

  test("any text fits on one line, ends at its last quote, and reads back unchanged", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (text) => {
        const literal = pythonString(text);
        expect(literal).toMatch(/^"(?:[^"\\\p{C}]|\\.)*"$/u);
        expect(read(literal)).toBe(text);
      }),
    );
  });
});
