// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { selection as newSelection } from "../../../testing/selection";
import { followingState, ownPlace } from "../../core/state/own-place";
import type { Scene } from "../scene/scene";
import { chainControl } from "./chain-control";

test("the chain says what a view follows, and a click links or unlinks it", () => {
  const [capture, state, never] = [newSelection(), followingState(), new AbortController().signal];
  const { selection, chain } = ownPlace(capture, state, never);
  const [button] = chainControl({ context: { chain } } as Scene, never);
  expect([button?.textContent, button?.getAttribute("aria-pressed")]).toEqual(["Linked", "true"]);

  button?.click();
  expect(button?.textContent).toBe("Unlinked");
  capture.layer.value = 3;
  expect(selection.layer.value).toBe(0);

  button?.click();
  expect([button?.textContent, selection.layer.value]).toEqual(["Linked", 3]);

  state.own.value = { layer: 2, heads: [1] };
  expect([button?.textContent, button?.title]).toEqual([
    "Partly linked",
    "This view has its own layer and heads, and moves with the other views in the rest. " +
      "Click to link it with the other views of this capture.",
  ]);
});

test("a view that can follow nothing has no chain", () => {
  expect(chainControl({ context: {} } as Scene, new AbortController().signal)).toEqual([]);
});
