import { signal } from "@preact/signals-core";
import { afterEach, describe, expect, it } from "vitest";
import type { Theme } from "../contract.gen";
import { setReaderSettings } from "../core/live";
import { localOptions } from "../core/local-options";
import { applySettings, themeOf } from "./reader";

const forever = new AbortController().signal;

function view(given: Parameters<typeof localOptions>[0] = {}, decided: readonly string[] = Object.keys(given)) {
  const options = localOptions(given, signal([]), signal("self"));
  const names = signal(decided);
  applySettings(options, names, forever);
  return { scale: options.scale, colorMap: options.colorMap, threshold: options.aids.threshold, decided: names };
}

afterEach(() => setReaderSettings({}));

describe("a reader's settings", () => {
  it("decide what nobody has decided, at once and later", () => {
    setReaderSettings({ scale: "sqrt" });
    const { scale, threshold, decided } = view();
    expect([scale.value, threshold.value, decided.value]).toEqual(["sqrt", null, ["scale"]]);
    setReaderSettings({ scale: "log", threshold: 0.2 });
    expect([scale.value, threshold.value, decided.value]).toEqual(["log", 0.2, ["scale", "threshold"]]);
    setReaderSettings({});
    expect([scale.value, threshold.value]).toEqual(["linear", null]);
  });

  it("decide the colours by the name that Python has for them", () => {
    setReaderSettings({ colorMap: "greys" });
    const { colorMap, decided } = view();
    expect([colorMap.value, decided.value]).toEqual(["greys", ["color_map"]]);
    setReaderSettings({ colorMap: "heat" });
    expect(colorMap.value).toBe("heat");
    expect(view({ color_map: "viridis" }).colorMap.value).toBe("viridis");
  });

  it("leave alone what Python gave, also where it is what views begin with", () => {
    setReaderSettings({ scale: "sqrt", threshold: 0.2 });
    const { scale, threshold } = view({ scale: "linear" });
    expect([scale.value, threshold.value]).toEqual(["linear", 0.2]);
    setReaderSettings({ scale: "log", threshold: 0.3 });
    expect([scale.value, threshold.value]).toEqual(["linear", 0.3]);
  });

  it("leave alone what was chosen in the view, also once it is drawn again", () => {
    setReaderSettings({ scale: "sqrt" });
    const { scale, decided } = view();
    scale.value = "linear";
    setReaderSettings({ scale: "log" });
    expect(scale.value).toBe("linear");
    expect(view({ scale: scale.value }, decided.value).scale.value).toBe("linear");
  });

  it("give a theme to views that have none", () => {
    const own = signal<Theme>("auto");
    const theme = themeOf(own, forever);
    setReaderSettings({ theme: "dark" });
    expect([theme.value, own.value]).toEqual(["dark", "auto"]);
    own.value = "light";
    expect(theme.value).toBe("light");
  });
});
