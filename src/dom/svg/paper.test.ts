// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";
import { SvgPaper } from "./paper";

const paper = () => new SvgPaper({ x: 0, y: 0 }, "#ffffff", true);
const BOX = { x: 0, y: 0, width: 10, height: 10 };

describe("the paper", () => {
  test("puts neighbouring texts of one style into one group", () => {
    const drawn = paper();
    for (const text of ["a", "b"]) drawn.text({ fill: "#000" }, { x: 1 }, text);
    drawn.text({ fill: "#fff" }, { x: 1 }, "c");
    drawn.add("rect", {});
    expect(String(drawn).replaceAll("\n", "")).toBe(
      '<g fill="#000"><text x="1">a</text><text x="1">b</text></g><g fill="#fff"><text x="1">c</text></g><rect/>',
    );
  });

  test("makes no empty group", () => {
    const drawn = paper();
    drawn.group({ opacity: "0.5" }, () => {});
    expect(String(drawn)).toBe("");
  });

  test("clips only drawings that extend beyond their box", () => {
    const inside = paper();
    inside.clipped(BOX, () => {
      inside.reach({ x: 1, y: 1, width: 2, height: 2 });
      inside.add("rect", {});
    });
    expect(String(inside)).toBe("<rect/>");
    const outside = paper();
    outside.clipped(BOX, () => {
      outside.reach({ x: -99, y: 1, width: 2, height: 2 });
      outside.add("rect", {});
    });
    expect(String(outside)).toContain('<g clip-path="url(#seen-1)">\n<rect/>\n</g>');
    expect([outside.left, outside.right, outside.top, outside.bottom]).toEqual([0, 10, 0, 10]);
  });
});
