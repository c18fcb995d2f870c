import { expect, it } from "vitest";
import { textWidth, wrapped } from "./letters";

it("wide letters are wider than narrow ones, and bold ones wider still", () => {
  expect(textWidth("iiii", 10)).toBeLessThan(textWidth("WWWW", 10));
  expect(textWidth("layer", 10)).toBeLessThan(textWidth("layer", 10, true));
  expect(textWidth("猫", 10)).toBe(10);
});

it("a text grows with its size and its letters", () => {
  expect(textWidth("cat", 20)).toBeCloseTo(2 * textWidth("cat", 10));
  expect(textWidth("", 10)).toBe(0);
});

it("lines are broken between words, and no line is wider than asked for", () => {
  const lines = wrapped("one two three four five six seven", 80, 11);
  expect(lines.join(" ")).toBe("one two three four five six seven");
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(textWidth(line, 11)).toBeLessThanOrEqual(80);
});

it.each([
  ["a word", "a incomprehensibilities b"],
  ["a text without spaces", "注意力头在看什么".repeat(9)],
  ["emoji", "👍".repeat(40)],
  ["letters with marks on them", "e\u0301\u0302".repeat(40)],
])("%s that is too long is broken between letters", (_, text) => {
  const lines = wrapped(text, 40, 11);
  expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
  for (const line of lines) {
    expect(textWidth(line, 11)).toBeLessThanOrEqual(40);
    expect(line).not.toMatch(/^\p{M}/u);
  }
});

it("a letter that is wider than the line stands alone", () => {
  expect(wrapped("猫狗", 5, 11)).toEqual(["猫", "狗"]);
});
