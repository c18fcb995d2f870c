// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { tokenColumns, tokenElement, tokenText } from "./token";

test.each([
  ["cat", "", "cat"],
  [" cat", "␣", "cat"],
  ["   ", "␣␣␣", ""],
  ["a b ", "", "a b␣"],
  ["\n", "", "⏎"],
  [" \n\n", "␣", "⏎⏎"],
  ["\t", "", "⇥"],
  ["\u0000", "", "␀"],
  ["\u007f", "", "�"],
  ["", "∅", ""],
  ["a\u0301", "", "a\u0301"],
])("%j is shown with %j before %j", (token, lead, text) => {
  expect(tokenText(token)).toEqual({ lead, text, isCut: false });
});

test("a long token is cut in the middle, between letters", () => {
  const token = `${"🙂".repeat(20)}end`;
  const { text, isCut } = tokenText(token);
  expect(isCut).toBe(true);
  expect([...text]).toHaveLength(18);
  expect(text).toBe(`${"🙂".repeat(9)}…${"🙂".repeat(5)}end`);
  expect(tokenElement(token, "key", 0, false).title).toBe(token);
  expect(tokenText(token, 40).isCut).toBe(false);
});

test("wide letters count twice", () => {
  expect(tokenColumns(tokenText("注意力"))).toBe(6);
  expect(tokenColumns(tokenText("  ab"))).toBe(4);
});

test.each(["</script><script>alert(1)</script>", "<b>", "&amp;", "\"'"])("%j is text", (token) => {
  const made = tokenElement(token, "query", 3, true);
  expect(made.children).toHaveLength(0);
  expect(made.dataset.query).toBe("3");
  expect(made.classList.contains("hs-special")).toBe(true);
  if (token.length <= 18) expect(made.textContent).toBe(token);
});
