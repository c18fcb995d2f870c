// @vitest-environment happy-dom
import { afterEach, expect, it } from "vitest";
import { contextOf, fullSource, mapDescription } from "../../../testing/view";
import { announceFrontEnd, EDITION } from "../../core/state/front-end";
import type { LiveCapture } from "../../core/state/live";
import { liveCapture } from "../../core/state/live-capture";
import { captureCard } from "./panel-card";

let ended = new AbortController();

afterEach(() => {
  ended.abort();
  ended = new AbortController();
});

function cardOf(changes: Partial<LiveCapture>): HTMLElement {
  const maps = [mapDescription(["a", "b", "c"])];
  const capture = liveCapture(contextOf(maps, fullSource(maps)), () => {});
  return captureCard({ ...capture, name: () => "Cat", ...changes }, { jump: () => {} }, ended.signal);
}

const NEWER = { version: "99.0.0", contract: EDITION.contract + 1 };
/** Maps of an imaginary future contract. */
const OTHERWISE = () => [{ sizes: [3] }] as never;

it("a card does not mention versions if they are equal or unknown", () => {
  announceFrontEnd();
  for (const changes of [{}, { edition: undefined as never }]) {
    expect(cardOf(changes).textContent).toContain("3 tokens");
    expect(cardOf(changes).querySelector(".headscope-card-difference")).toBeNull();
  }
});

it("a card of a newer capture shows what it can, and says which version is older", () => {
  announceFrontEnd();
  const card = cardOf({ edition: NEWER });
  expect(card.textContent).toContain("3 tokens");
  expect(card.textContent).toMatch(/of the Jupyter server .* is older than that of the kernel \(99\.0\.0\)/);
});

it("a newer capture that it cannot read breaks nothing", () => {
  announceFrontEnd();
  expect(cardOf({ edition: NEWER, maps: OTHERWISE }).textContent).toMatch(/^CatThe Headscope of the Jupyter server/);
  expect(() => cardOf({ maps: OTHERWISE })).toThrow(TypeError);
});
