// @vitest-environment happy-dom
import { signal as signalOf } from "@preact/signals-core";
import { expect, test } from "vitest";
import { element } from "./element";
import { rovingFocus } from "./roving";

test("a group is one stop of the Tab key, and arrow keys move in it", () => {
  const made = (count: number) => Array.from({ length: count }, (_, at) => element("button", {}, String(at)));
  const buttons = signalOf(made(4));
  const group = element("div", {}, ...buttons.value);
  document.body.replaceChildren(group);
  const ending = new AbortController();
  rovingFocus(group, buttons, ending.signal);
  const stops = () => buttons.value.map(({ tabIndex }) => tabIndex);
  const press = (key: string) =>
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  expect(stops()).toEqual([0, -1, -1, -1]);
  buttons.value[0]?.focus();
  const reached = ["ArrowRight", "ArrowDown", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowUp"].map((key) => {
    press(key);
    return document.activeElement?.textContent;
  });
  expect(reached).toEqual(["1", "2", "1", "3", "3", "0", "0"]);
  buttons.value[2]?.focus();
  expect(stops()).toEqual([-1, -1, 0, -1]);
  buttons.value = made(2);
  expect(stops()).toEqual([-1, 0]);
  ending.abort();
});
