import { describe, expect, it } from "vitest";
import { RequestQueue } from "./request-queue";

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const never = new AbortController().signal;

describe("RequestQueue", () => {
  it("runs one job at a time, urgent jobs first", async () => {
    const lineUp = new RequestQueue();
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

  it("never runs a job that was aborted before its turn", async () => {
    const lineUp = new RequestQueue();
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

  it("continues after a job fails", async () => {
    const lineUp = new RequestQueue();
    const failing = lineUp.add(() => Promise.reject(new Error("no")), never, true);
    await expect(failing).rejects.toThrow("no");
    await expect(lineUp.add(async () => 7, never, true)).resolves.toBe(7);
  });
});
