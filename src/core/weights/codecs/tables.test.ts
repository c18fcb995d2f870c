import { describe, expect, it } from "vitest";
import { float16Table, sqrt8Table, tableOf } from "./tables";

describe("float16Table", () => {
  it.each([
    [0x0000, 0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0x7bff, 65504],
    [0xbc00, -1],
  ])("gives code %s the value %s", (code, value) => {
    expect(float16Table[code]).toBe(value);
  });

  it("reads NaN and the infinities as missing", () => {
    for (const code of [0x7c00, 0x7c01, 0x7e00, 0x7fff, 0xfc00, 0xfe00]) expect(float16Table[code]).toBeNaN();
  });

  it("increases with the code from 0 to the largest half", () => {
    const finite = float16Table.subarray(0, 0x7c00);
    expect(finite.findIndex((value, code) => code > 0 && !(value > (finite[code - 1] as number)))).toBe(-1);
  });
});

describe("sqrt8Table", () => {
  it("squares the code's fraction of 254", () => {
    expect(sqrt8Table[0]).toBe(0);
    expect(sqrt8Table[127]).toBe(0.25);
    expect(sqrt8Table[254]).toBe(1);
    expect(sqrt8Table[1]).toBe(Math.fround(1 / 254 / 254));
  });

  it("reads 255 as missing", () => {
    expect(sqrt8Table[255]).toBeNaN();
  });
});

it("tableOf finds the table of an encoding", () => {
  expect(tableOf("float16")).toBe(float16Table);
  expect(tableOf("sqrt8")).toBe(sqrt8Table);
});
