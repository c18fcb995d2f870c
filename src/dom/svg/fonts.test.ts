import { expect, test } from "vitest";
import { families } from "./fonts";

test("a list of fonts ends in a generic family that every SVG reader has", () => {
  expect(families('Menlo, "DejaVu Sans Mono", monospace')).toBe('Menlo, "DejaVu Sans Mono", monospace');
  expect(families("system-ui, sans-serif")).toBe("system-ui, sans-serif");
  expect(families("ui-monospace")).toBe("ui-monospace, monospace");
  expect(families("system-ui")).toBe("system-ui, sans-serif");
  expect(families('"Fira Code"')).toBe('"Fira Code", sans-serif');
});
