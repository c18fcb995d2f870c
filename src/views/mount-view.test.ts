// @vitest-environment happy-dom
import { signal } from "@preact/signals-core";
import { afterEach, expect, test } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../testing/view";
import { type LiveCapture, liveViews, setUserSettings } from "../core/state/live";
import { mountLiveView } from "./mount-live-view";
import { mountView, viewRoot } from "./mount-view";

const MAPS = [mapDescription(["a", "b"])];

afterEach(() => setUserSettings({}));

test("a view is drawn into an element of its own, which is removed with it", () => {
  const ending = new AbortController();
  const root = viewRoot(document.body, ending.signal);
  mountView(root, "text", contextOf(MAPS, fullSource(MAPS)), ending.signal);
  expect([document.body.contains(root), root.dataset.view]).toEqual([true, "text"]);
  ending.abort();
  expect(document.body.contains(root)).toBe(false);
});

test("a view drops pinned tokens that its map does not have", () => {
  const context = contextOf(MAPS, fullSource(MAPS));
  context.selection.query.value = 7;
  const ending = new AbortController();
  mountView(viewRoot(document.body, ending.signal), "head", context, ending.signal);
  expect(context.selection.query.value).toBeNull();
  ending.abort();
});

test("a live view follows the user's settings and is listed until it ends", () => {
  setUserSettings({ theme: "dark", threshold: 0.2, colorMap: "greys" });
  const ending = new AbortController();
  const root = viewRoot(document.body, ending.signal);
  const context = contextOf(MAPS, fullSource(MAPS));
  const mount = { decided: signal<readonly string[]>(["color_map"]), capture: {} as LiveCapture };
  const shown = mountLiveView(root, "matrix", context, mount, ending.signal);
  expect([shown.options.theme.value, context.options.theme.value]).toEqual(["dark", "auto"]);
  expect(context.options.aids.threshold.value).toBe(0.2);
  expect(context.options.colorMap.value).toBe("lagoon"); // It was given.
  expect(liveViews().map((view) => view.root)).toEqual([root]);
  ending.abort();
  expect(liveViews()).toEqual([]);
});
