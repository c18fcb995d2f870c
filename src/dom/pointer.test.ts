// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { followPointer } from "./pointer";

it("follows the pointer, but after a key only once it moves", () => {
  const area = document.createElement("div");
  const ended = new AbortController();
  const seen: string[] = [];
  followPointer(area, ({ type }) => seen.push(type), ended.signal);
  const send = (...types: string[]) => {
    for (const type of types) area.dispatchEvent(new Event(type));
    return seen.splice(0);
  };
  expect(send("pointerover", "pointermove")).toEqual(["pointerover"]);
  expect(send("keydown", "pointerover", "pointerover")).toEqual([]);
  expect(send("pointermove", "pointermove", "pointerover")).toEqual(["pointermove", "pointerover"]);
  ended.abort();
  expect(send("pointerover")).toEqual([]);
});
