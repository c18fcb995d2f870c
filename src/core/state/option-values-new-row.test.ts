import { signal } from "@preact/signals-core";
import { describe, expect, test, vi } from "vitest";
import type { MapDescription, ViewTraits } from "../../contract.gen";
import type { OptionRow } from "../../options.gen";
import type { PictureExporter } from "../look/picture-export";
import { setUserSettings, userSettings } from "./live";
import { localContext } from "./local-context";
import { isValidOption } from "./option-values";
import { pythonCall } from "./python-call";
import type { Source } from "./source";
import { startOf, stateOf } from "./view-state";

/** What `npm run contract` would write for one more row in `headscope.options`. */
vi.mock("../../options.gen", async (importOriginal) => {
  const generated = await importOriginal<typeof import("../../options.gen")>();
  const row = { name: "show_grid_lines", signal: "showGridLines", group: "look", kind: "switch", default: false };
  return {
    ...generated,
    OPTIONS: [...generated.OPTIONS, { ...row, views: ["matrix"], setting: "gridLines" }],
    DEFAULTS: { ...generated.DEFAULTS, show_grid_lines: false },
  };
});

const { OPTIONS } = await import("../../options.gen");
const TOKENS = { query_tokens: ["a"], key_tokens: ["a"], query_segments: [], key_segments: [] };
const MAPS = [{ name: "self", num_layers: 2, num_heads: [4, 4], ...TOKENS }] as unknown as MapDescription[];

function contextOf(left: object) {
  const given = { name: signal("Tiny"), maps: signal(MAPS), status: signal("file" as const) };
  const parts = { source: {} as Source, pictureExporter: {} as PictureExporter };
  return localContext(startOf(MAPS, left), { ...given, ...parts });
}

describe("one more row of the table of options", () => {
  test("becomes a signal of the view, with the saved value if that is valid", () => {
    expect(contextOf({ show_grid_lines: true }).options).toMatchObject({ showGridLines: { value: true } });
    expect(contextOf({ show_grid_lines: "yes" }).options).toMatchObject({ showGridLines: { value: false } });
  });

  test("is saved with the view", () => {
    expect(stateOf(contextOf({ show_grid_lines: true }))).toMatchObject({ show_grid_lines: true });
  });

  test("is copied as Python for the views that take it, unless it has its default", () => {
    const context = contextOf({ show_grid_lines: true });
    expect(pythonCall("matrix", context)).toBe("capture.matrix_view(layer=0, show_grid_lines=True)");
    expect(pythonCall("head", context)).toBe("capture.head_view(layer=0)");
    expect(pythonCall("matrix", contextOf({}))).toBe("capture.matrix_view(layer=0)");
  });

  test("is among the user's settings", () => {
    expect(userSettings()).toMatchObject({ showGridLines: false });
    setUserSettings({ showGridLines: true } as Partial<ViewTraits> as never);
    expect(userSettings()).toMatchObject({ showGridLines: true });
  });
});

test("every option accepts its default, and no value of another kind", () => {
  for (const row of OPTIONS as readonly OptionRow[]) {
    expect([row.name, isValidOption(row, row.default)]).toEqual([row.name, true]);
    expect([row.name, isValidOption(row, { odd: 1 })]).toEqual([row.name, false]);
    expect([row.name, isValidOption(row, undefined)]).toEqual([row.name, false]);
  }
});
