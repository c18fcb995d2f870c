import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attributesText, decimal, escapeXml, tag } from "../../core/look/markup";

/** Everything that XML 1.0 allows in a document, except characters with a special meaning. */
const PLAIN =
  /^(?:[\t\n\r\u{20}-\u{21}\u{23}-\u{25}\u{27}-\u{3b}\u{3d}\u{3f}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]|&(?:amp|lt|gt|quot);)*$/u;

describe("text in XML", () => {
  test("any text is well-formed and reads back unchanged, except for characters that XML cannot contain", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const escaped = escapeXml(text);
        expect(escaped).toMatch(PLAIN);
        const names = { amp: "&", lt: "<", gt: ">", quot: '"' };
        const read = escaped.replace(/&(\w+);/g, (_, name: keyof typeof names) => names[name]);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML can't hold
        expect(read).toBe(text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd"));
      }),
    );
  });

  test("an unpaired surrogate is replaced", () => {
    expect(escapeXml("a\ud83d b")).toBe("a\ufffd b");
  });
});

test("numbers have at most two decimals, and no minus before a zero", () => {
  expect([1, 1.005, 2 / 3, -0.001, 1e-9].map(decimal)).toEqual(["1", "1", "0.67", "0", "0"]);
});

test("attributes without a value are left out, and quotes do not end one", () => {
  expect(attributesText({ x: 1.234, fill: undefined, "font-family": '"Fira Code", monospace' })).toBe(
    ' x="1.23" font-family="&quot;Fira Code&quot;, monospace"',
  );
  expect(tag("g", { id: "a" }, "<b/>")).toBe('<g id="a"><b/></g>');
});
