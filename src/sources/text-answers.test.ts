// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from "vitest";
import { base64Of } from "./packed";
import { buffersOf, howToAnswer } from "./text-answers";

afterEach(() => {
  delete document.body.dataset.vscodeThemeKind;
});

describe("howToAnswer", () => {
  it("asks for text in VS Code alone", () => {
    expect(howToAnswer()).toEqual({});
    document.body.dataset.vscodeThemeKind = "vscode-dark";
    expect(howToAnswer()).toEqual({ in_text: true });
  });
});

describe("buffersOf", () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);

  it("reads every byte of a text", () => {
    const [view] = buffersOf({ type: "blocks", buffers: [base64Of(bytes.buffer)] }, []);
    expect(new Uint8Array((view as DataView).buffer)).toEqual(bytes);
    expect(view?.byteLength).toBe(300);
  });

  it("passes buffers on that are buffers", () => {
    const buffers = [new DataView(bytes.buffer)];
    expect(buffersOf({ type: "blocks", done: true }, buffers)).toBe(buffers);
  });
});
