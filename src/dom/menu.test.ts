// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { element } from "./element";
import { menu, openAround } from "./menu";

function setUp() {
  const ending = new AbortController();
  const made = menu("Aids", [element("input", {})], ending.signal);
  document.body.replaceChildren(made.control, element("p", {}));
  const panel = made.control.querySelector<HTMLElement>(".hs-menu") as HTMLElement;
  return { ...made, panel, ending };
}

test("a click opens the panel and a second one closes it", () => {
  const { button, panel } = setUp();
  button.click();
  expect([panel.hidden, button.getAttribute("aria-expanded")]).toEqual([false, "true"]);
  button.click();
  expect([panel.hidden, button.getAttribute("aria-expanded")]).toEqual([true, "false"]);
});

test("Escape and a press elsewhere close it, a press inside does not", () => {
  const { open, panel, control } = setUp();
  open();
  panel.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
  expect(panel.hidden).toBe(false);
  document.querySelector("p")?.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
  expect(panel.hidden).toBe(true);
  open();
  control.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  expect(panel.hidden).toBe(true);
});

test("it ends with its owner", () => {
  const { button, panel, ending } = setUp();
  ending.abort();
  button.click();
  expect(panel.hidden).toBe(true);
});

test("a view keeps its height until the pointer that closes the menu is released", async () => {
  const { open, control, panel } = setUp();
  const view = element("div", { class: "headscope" }, control);
  document.body.prepend(view);
  open();
  const press = (type: string) =>
    document.querySelector("p")?.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  press("pointerdown");
  expect([panel.hidden, view.style.minHeight]).toEqual([true, `${view.offsetHeight}px`]);
  press("pointerup");
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  expect(view.style.minHeight).toBe("");
});

test("a control in a closed menu opens it, in an open one or elsewhere nothing happens", () => {
  const { panel, control } = setUp();
  openAround(control);
  expect(panel.hidden).toBe(true);
  const field = panel.querySelector("input") as HTMLElement;
  openAround(field);
  expect(panel.hidden).toBe(false);
  openAround(field);
  expect(panel.hidden).toBe(false);
});
