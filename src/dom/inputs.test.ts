// @vitest-environment happy-dom
import { signal } from "@preact/signals-core";
import { expect, test } from "vitest";
import { checkbox, numberInput } from "./inputs";

const forever = new AbortController().signal;

function enter(input: HTMLInputElement, text: string): void {
  input.value = text;
  input.dispatchEvent(new Event("change"));
}

test("a number is clamped to its range, and an empty field is null", () => {
  const value = signal<number | null>(null);
  const input = numberInput("Threshold", value, { min: 0, max: 0.99, step: 0.01, none: "auto" }, forever);
  enter(input, "0.25");
  expect(value.value).toBe(0.25);
  enter(input, "7");
  expect([value.value, input.value]).toEqual([0.99, "0.99"]);
  enter(input, "");
  expect(value.value).toBeNull();
  value.value = 0.5;
  expect(input.value).toBe("0.5");
});

test("a checkbox and its signal follow each other", () => {
  const value = signal(false);
  const label = checkbox("Hide special tokens", value, forever);
  document.body.replaceChildren(label);
  const box = label.querySelector("input") as HTMLInputElement;
  box.click();
  expect(value.value).toBe(true);
  value.value = false;
  expect(box.checked).toBe(false);
});
