// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { pixelRatio } from "./canvas";

afterEach(() => vi.unstubAllGlobals());

test.each([
  [1, 300, 400, 1],
  [2, 300, 400, 2],
  [3, 300, 400, 2],
])("at density %d a canvas of %d x %d has %d device pixels per CSS pixel", (density, width, height, ratio) => {
  vi.stubGlobal("devicePixelRatio", density);
  expect(pixelRatio(width, height)).toBe(ratio);
});

test.each([
  [420, 6_144],
  [400, 60_000],
  [2_000, 2_000],
])("a canvas of %d x %d stays within what a browser can hold", (width, height) => {
  vi.stubGlobal("devicePixelRatio", 2);
  const ratio = pixelRatio(width, height);
  expect(ratio).toBeLessThan(2);
  expect(width * height * ratio ** 2).toBeLessThanOrEqual(3_000_001);
  expect(Math.max(width, height) * ratio).toBeLessThanOrEqual(16_384);
});
