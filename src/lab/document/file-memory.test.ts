import { beforeEach, expect, test, vi } from "vitest";
import type { ViewState } from "../../core/state/view-state";
import { FileMemory } from "./file-memory";

// @vitest-environment happy-dom

const at = (layer: number) => ({ layer }) as ViewState;
const KEY = "headscope:files:http://one/";

beforeEach(() => localStorage.clear());

test("each file of each server is recalled in its latest state", () => {
  const [one, two] = [new FileMemory("http://one/"), new FileMemory("http://two/")];
  one.keep("a", at(1));
  one.keep("b", at(2));
  one.keep("a", at(3));
  expect([one.recall("a"), one.recall("b"), one.recall("c"), two.recall("a")]).toEqual([
    at(3),
    at(2),
    undefined,
    undefined,
  ]);
});

test("the state moves with its file, and replaces that of another file there", () => {
  const memory = new FileMemory("http://one/");
  memory.keep("a", at(1));
  memory.keep("b", at(2));
  memory.move("a", "b");
  expect([memory.recall("a"), memory.recall("b")]).toEqual([undefined, at(1)]);
});

test("the least recently kept files are forgotten", () => {
  const memory = new FileMemory("http://one/");
  for (let number = 0; number < 60; number++) memory.keep(`file ${number}`, at(number));
  expect([memory.recall("file 9"), memory.recall("file 10")]).toEqual([undefined, at(10)]);
});

test.each(["{", "7", "null", '[["a"], 3, ["b", {"layer": 2}]]'])(
  "what others wrote, such as %s, does no harm",
  (text) => {
    localStorage.setItem(KEY, text);
    const memory = new FileMemory("http://one/");
    expect(memory.recall("a")).toBeUndefined();
    memory.keep("a", at(1));
    expect(memory.recall("a")).toEqual(at(1));
  },
);

test("a browser without storage causes no error", () => {
  const refuse = () => {
    throw new DOMException("not here", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });
  const memory = new FileMemory("http://one/");
  memory.keep("a", at(1));
  expect(memory.recall("a")).toBeUndefined();
  vi.unstubAllGlobals();
});
