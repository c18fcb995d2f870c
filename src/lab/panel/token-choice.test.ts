import { signal } from "@preact/signals-core";
import { describe, expect, it } from "vitest";
import { tokenChoice } from "./token-choice";

// @vitest-environment happy-dom

function setUp(count: number) {
  const tokens = signal(Array.from({ length: count }, (_, at) => ` token${at}`));
  const pinned = signal<number | null>(null);
  const ended = new AbortController();
  const select = tokenChoice("Query token", tokens, pinned, ended.signal);
  document.body.append(select);
  const texts = () => [...select.options].map(({ textContent }) => textContent);
  return { tokens, pinned, select, texts, ended };
}

describe("a drop-down list that pins a token", () => {
  it("holds the pinned token, and all tokens once it is focused", () => {
    const { pinned, select, texts } = setUp(200);
    expect(texts()).toEqual(["none"]);
    pinned.value = 123;
    expect([texts(), select.value]).toEqual([["none", "123  ␣token123"], "123"]);
    select.dispatchEvent(new Event("pointerdown"));
    expect([select.length, select.value]).toEqual([201, "123"]);
  });

  it("pins the chosen token, and unpins it", () => {
    const { pinned, select } = setUp(3);
    select.dispatchEvent(new Event("focus"));
    select.value = "2";
    select.dispatchEvent(new Event("change"));
    expect(pinned.value).toBe(2);
    select.value = "";
    select.dispatchEvent(new Event("change"));
    expect(pinned.value).toBe(null);
  });

  it("follows the tokens of another map", () => {
    const { tokens, pinned, texts } = setUp(3);
    pinned.value = 1;
    tokens.value = ["a", "b"];
    expect(texts()).toEqual(["none", "1  b"]);
  });
});
