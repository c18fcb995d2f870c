// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { element } from "../../dom/element";
import { hearKeys } from "./host-keys";

function setUp() {
  const ending = new AbortController();
  const control = element("button", {});
  const root = element("div", { tabindex: 0 }, control);
  document.body.replaceChildren(root, element("p", { tabindex: 0 }));
  const [mine, heard]: [string[], string[]] = [[], []];
  hearKeys(root, (key) => mine.push(key) > 0, ending.signal);
  document.addEventListener("keydown", ({ key }) => heard.push(key), { signal: ending.signal });
  const press = (target: Element, key: string, held: KeyboardEventInit = {}) =>
    target.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true, ...held }),
    );
  return { root, control, mine, heard, press, ending };
}

test("a control keeps the keys that it uses, and the host gets those with Ctrl, Cmd or Alt", () => {
  const { control, mine, heard, press, ending } = setUp();
  press(control, "Enter");
  press(control, "Enter", { shiftKey: true });
  press(control, "x");
  for (const held of ["ctrlKey", "metaKey", "altKey"]) press(control, "x", { [held]: true });
  expect([mine, heard]).toEqual([["x"], ["x", "x", "x"]]);
  ending.abort();
});

test("after the element with the focus is gone, keys still belong to the view, until the reader goes elsewhere", () => {
  const { root, control, mine, heard, press, ending } = setUp();
  control.focus();
  control.remove();
  press(document.body, "x");
  expect([mine, heard, document.activeElement]).toEqual([["x"], [], root]);
  root.blur();
  document.querySelector("p")?.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
  press(document.body, "x");
  expect([mine, heard]).toEqual([["x"], ["x"]]);
  ending.abort();
});

test("a key pressed outside of the view is not the view's", () => {
  const { root, mine, heard, press, ending } = setUp();
  root.focus();
  document.querySelector("p")?.focus();
  press(document.querySelector("p") as Element, "x");
  press(document.body, "x");
  expect([mine, heard]).toEqual([[], ["x", "x"]]);
  ending.abort();
});
