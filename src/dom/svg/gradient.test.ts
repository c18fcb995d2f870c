import { describe, expect, test } from "vitest";
import { gradientOf, splitByCommas } from "./gradient";

const size = () => 200;

describe("a computed gradient", () => {
  test("with a box for each colour has one stretch per box", () => {
    const image =
      "linear-gradient(90deg, rgba(0, 114, 178, 0.5) 0px, rgba(0, 114, 178, 0.5) 50%, rgb(255, 0, 0) 0px, rgb(255, 0, 0) 100%)";
    const blue = { color: "#0072b2", opacity: 0.5 };
    const red = { color: "#ff0000", opacity: 1 };
    expect(gradientOf(image, size)).toEqual({
      across: true,
      stretches: [
        { from: 0, to: 0.5, start: blue, end: blue },
        { from: 0.5, to: 1, start: red, end: red },
      ],
    });
  });

  test("with two positions per colour, as some browsers write it, is the same", () => {
    const found = gradientOf(
      "linear-gradient(90deg, rgb(1, 2, 3) 0 25%, rgb(4, 5, 6) 0 100%)".replaceAll(" 0 ", " 0px "),
      size,
    );
    expect(found?.stretches.map(({ from, to, start }) => [from, to, start?.color])).toEqual([
      [0, 0.25, "#010203"],
      [0.25, 1, "#040506"],
    ]);
  });

  test("spaces colours without positions evenly, and divides pixels by its length", () => {
    const found = gradientOf("linear-gradient(90deg, rgb(0, 0, 0), rgb(1, 1, 1), rgb(2, 2, 2))", size);
    expect(found?.stretches.map(({ from, to }) => [from, to])).toEqual([
      [0, 0.5],
      [0.5, 1],
    ]);
    const pixels = gradientOf("linear-gradient(rgb(0, 0, 0) 50px, rgb(1, 1, 1) 100px)", size);
    expect(pixels).toMatchObject({ across: false, stretches: [{ from: 0.25, to: 0.5 }] });
  });

  test("that runs backwards is reversed", () => {
    const found = gradientOf("linear-gradient(270deg, rgb(0, 0, 0) 0%, rgb(9, 9, 9) 40%)", size);
    expect(found?.stretches).toEqual([
      { from: 0.6, to: 1, start: { color: "#090909", opacity: 1 }, end: { color: "#000000", opacity: 1 } },
    ]);
  });

  test("of another kind is null", () => {
    expect(gradientOf("url(a.png)", size)).toBeNull();
    expect(gradientOf("linear-gradient(45deg, red, blue)", size)).toBeNull();
  });
});

test("commas in parentheses do not split", () => {
  expect(splitByCommas("rgb(1, 2, 3) 0px, calc(1px + (2px, 3px)), c")).toEqual([
    "rgb(1, 2, 3) 0px",
    "calc(1px + (2px, 3px))",
    "c",
  ]);
});
