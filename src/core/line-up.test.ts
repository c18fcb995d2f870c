import { describe, expect, it } from "vitest";
import { LineUp } from "./line-up";

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const never = new AbortController().signal;

describe("LineUp", () => {
  it("runs one piece of work at a time, the urgent ones first", async () => {
    const lineUp = new LineUp();
    const order: string[] = [];
    const { opened, open } = gate();
    let running = 0;
    const work = (name: string, wait?: Promise<void>) => async () => {
      expect(++running).toBe(1);
      await wait;
      order.push(name);
      running--;
    };
    const all = [
      lineUp.add(work("first", opened), never, false),
      lineUp.add(work("patient"), never, false),
      lineUp.add(work("urgent"), never, true),
      lineUp.add(work("urgent, later"), never, true),
    ];
    open();
    await Promise.all(all);
    expect(order).toEqual(["first", "urgent", "urgent, later", "patient"]);
  });

  it("never runs what was given up before its turn", async () => {
    const lineUp = new LineUp();
    const { opened, open } = gate();
    const first = lineUp.add(() => opened, never, true);
    const giveUp = new AbortController();
    let ran = false;
    const second = lineUp.add(
      async () => {
        ran = true;
      },
      giveUp.signal,
      true,
    );
    giveUp.abort(new Error("moved on"));
    open();
    await first;
    await expect(second).rejects.toThrow("moved on");
    await lineUp.add(async () => {}, never, true);
    expect(ran).toBe(false);
  });

  it("goes on after work that fails", async () => {
    const lineUp = new LineUp();
    const failing = lineUp.add(() => Promise.reject(new Error("no")), never, true);
    await expect(failing).rejects.toThrow("no");
    await expect(lineUp.add(async () => 7, never, true)).resolves.toBe(7);
  });
});
