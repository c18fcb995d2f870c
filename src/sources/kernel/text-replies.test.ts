// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from "vitest";
import { base64Of } from "../embedded/packed";
import { buffersOf, howToAnswer } from "./text-replies";

afterEach(() => {
  delete document.body.dataset.vscodeThemeKind;
});

describe("howToAnswer", () => {
  it("requests text only in VS Code", () => {
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

  it("passes buffers through", () => {
    const buffers = [new DataView(bytes.buffer)];
    expect(buffersOf({ type: "blocks", done: true }, buffers)).toBe(buffers);
  });
});
