import { signal } from "@preact/signals-core";
import { afterEach, describe, expect, it } from "vitest";
import type { Theme } from "../../contract.gen";
import { setUserSettings } from "../../core/state/live";
import { localOptions } from "../../core/state/local-options";
import { applySettings, themeOf } from "./user-settings";

const forever = new AbortController().signal;

function view(given: Parameters<typeof localOptions>[0] = {}, decided: readonly string[] = Object.keys(given)) {
  const options = localOptions(given, signal([]), signal("self"));
  const names = signal(decided);
  applySettings(options, names, forever);
  return { scale: options.scale, colorMap: options.colorMap, threshold: options.aids.threshold, decided: names };
}

afterEach(() => setUserSettings({}));

describe("a reader's settings", () => {
  it("apply to options that neither Python nor the reader has set, at once and later", () => {
    setUserSettings({ scale: "sqrt" });
    const { scale, threshold, decided } = view();
    expect([scale.value, threshold.value, decided.value]).toEqual(["sqrt", null, ["scale"]]);
    setUserSettings({ scale: "log", threshold: 0.2 });
    expect([scale.value, threshold.value, decided.value]).toEqual(["log", 0.2, ["scale", "threshold"]]);
    setUserSettings({});
    expect([scale.value, threshold.value]).toEqual(["auto", null]);
  });

  it("set the colours under the option's name in Python", () => {
    setUserSettings({ colorMap: "greys" });
    const { colorMap, decided } = view();
    expect([colorMap.value, decided.value]).toEqual(["greys", ["color_map"]]);
    setUserSettings({ colorMap: "heat" });
    expect(colorMap.value).toBe("heat");
    expect(view({ color_map: "lagoon" }).colorMap.value).toBe("lagoon");
  });

  it("do not override Python, even where Python gave the default", () => {
    setUserSettings({ scale: "sqrt", threshold: 0.2 });
    const { scale, threshold } = view({ scale: "linear" });
    expect([scale.value, threshold.value]).toEqual(["linear", 0.2]);
    setUserSettings({ scale: "log", threshold: 0.3 });
    expect([scale.value, threshold.value]).toEqual(["linear", 0.3]);
  });

  it("do not override a choice made in the view, even after it is drawn again", () => {
    setUserSettings({ scale: "sqrt" });
    const { scale, decided } = view();
    scale.value = "linear";
    setUserSettings({ scale: "log" });
    expect(scale.value).toBe("linear");
    expect(view({ scale: scale.value }, decided.value).scale.value).toBe("linear");
  });

  it("give a theme to views without one", () => {
    const own = signal<Theme>("auto");
    const theme = themeOf(own, forever);
    setUserSettings({ theme: "dark" });
    expect([theme.value, own.value]).toEqual(["dark", "auto"]);
    own.value = "light";
    expect(theme.value).toBe("light");
  });
});
