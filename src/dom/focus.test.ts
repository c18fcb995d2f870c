// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { element } from "./element";
import { focusInSight } from "./focus";

/** A box of 100 px with an element from `top` on that is 20 px high. */
function setUp(overflow: string, top: number) {
  const target = element("button", {});
  const box = element("div", { style: `overflow-x: ${overflow}; overflow-y: ${overflow}` }, target);
  document.body.replaceChildren(box);
  box.getBoundingClientRect = () => new DOMRect(0, 0, 100, 100);
  Object.defineProperties(box, { clientHeight: { value: 100 }, clientWidth: { value: 100 } });
  target.getBoundingClientRect = () => new DOMRect(10, top, 20, 20);
  focusInSight(target);
  return { box, target };
}

test.each([
  ["auto", 40, 0],
  ["auto", 150, 74],
  ["scroll", 150, 74],
  ["hidden", 150, 0],
])("a box whose overflow is %s, with the element at %d, is scrolled to %d", (overflow, top, scrolled) => {
  const { box, target } = setUp(overflow, top);
  expect([document.activeElement, box.scrollTop]).toEqual([target, scrolled]);
});
