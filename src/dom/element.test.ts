// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { element, setAttribute } from "./element";

test("children are text or nodes, never markup", () => {
  const made = element("p", {}, "<b>1</b>", element("i", {}, "2"));
  expect(made.textContent).toBe("<b>1</b>2");
  expect(made.querySelector("b")).toBeNull();
});

test("attributes are set, set empty and removed", () => {
  const made = element("button", { type: "button", hidden: true, title: undefined, "data-n": 3 });
  expect([made.type, made.hidden, made.hasAttribute("title"), made.dataset.n]).toEqual(["button", true, false, "3"]);
  setAttribute(made, "hidden", false);
  expect(made.hasAttribute("hidden")).toBe(false);
});
