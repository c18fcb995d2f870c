import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryLabKernel, MemoryModel } from "../../../testing/kernel";
import type { RequestMessage } from "../../contract.gen";
import { RESTARTED, STOPPED } from "../../core/state/kernel-messages";
import { type DeferredRequest, KernelChannel } from "./kernel-channel";
import type { KernelModel } from "./kernel-status";

const QUESTION: Omit<RequestMessage, "id"> = {
  type: "request",
  request: { kind: "block", map: "self", layer: 0, heads: [0] },
};

let model: MemoryModel;
let kernel: MemoryLabKernel;
let ended: AbortController;
let talk: KernelChannel;

beforeEach(() => {
  vi.useFakeTimers();
  model = new MemoryModel();
  kernel = new MemoryLabKernel();
  model.widget_manager = { kernel };
  ended = new AbortController();
  talk = new KernelChannel(model as unknown as KernelModel, ended.signal);
});

afterEach(() => {
  vi.useRealTimers();
});

/** Sends a request, and collects the bytes of the answer. */
function ask(): { readonly bytes: number[]; readonly answer: Promise<void> } {
  const bytes: number[] = [];
  const answer = talk.request(QUESTION, () => {
    bytes.length = 0;
    return (buffer) => void bytes.push(buffer.getUint8(0));
  });
  // Handles the rejection now; a test may look at it only later.
  answer.catch(() => undefined);
  return { bytes, answer };
}

const idOf = (nth: number) => model.sent.at(nth)?.id as string;
const byte = (value: number) => new DataView(Uint8Array.of(value).buffer);
const reply = (id: string, done: boolean, ...values: number[]) =>
  model.answer({ type: "blocks", id, done }, ...values.map(byte));
const isSettled = async (answer: Promise<void>) => {
  const open = Symbol("open");
  await vi.advanceTimersByTimeAsync(0);
  const first = await Promise.race([answer.catch(() => undefined), Promise.resolve(open)]);
  return first !== open;
};

describe("a busy kernel", () => {
  it("is reported as busy if it does not answer, and gets as long as it needs", async () => {
    const { answer } = ask();
    expect(talk.status.value).toBe("live");
    await vi.advanceTimersByTimeAsync(600);
    expect(talk.status.value).toBe("busy");
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([await isSettled(answer), model.sent.length]).toEqual([false, 1]);
    reply(idOf(0), true);
    await answer;
    expect(talk.status.value).toBe("live");
  });

  it("is reported as busy without a request if running code blocks messages", async () => {
    kernel.tell("busy");
    await vi.advanceTimersByTimeAsync(600);
    expect(talk.status.value).toBe("live");
    kernel.commsOverSubshells = "disabled";
    kernel.tell("busy");
    await vi.advanceTimersByTimeAsync(600);
    expect(talk.status.value).toBe("busy");
    kernel.tell("idle");
    expect(talk.status.value).toBe("live");
  });

  /** As JupyterLab: first its own status, then the message. */
  const report = (execution_state: string, msg_type: string, msg_id: string, subshell_id?: string) => {
    kernel.tell(execution_state);
    const header = { msg_type: "status", session: "first" };
    kernel.iopubMessage.emit({
      header,
      parent_header: { msg_type, msg_id, subshell_id },
      content: { execution_state },
    });
  };

  it("stays busy until its cell ends, even if it answers on another channel meanwhile", async () => {
    kernel.commsOverSubshells = "disabled";
    report("busy", "execute_request", "cell");
    for (const state of ["busy", "idle"]) report(state, "usage_request", "control");
    await vi.advanceTimersByTimeAsync(600);
    expect(talk.status.value).toBe("busy");
    report("busy", "execute_request", "other", "a thread of its own");
    report("idle", "execute_request", "other", "a thread of its own");
    expect(talk.status.value).toBe("busy");
    report("idle", "execute_request", "cell");
    expect(talk.status.value).toBe("live");
  });

  it("is free again after a connection with which the end of its cell was lost", async () => {
    kernel.commsOverSubshells = "disabled";
    report("busy", "execute_request", "cell");
    kernel.connection("connecting");
    kernel.tell("unknown");
    kernel.connection("connected");
    kernel.tell("idle");
    await vi.advanceTimersByTimeAsync(600);
    expect(talk.status.value).toBe("live");
  });
});

describe("a lost answer", () => {
  it("is requested again from its beginning once the kernel is done with the request", async () => {
    const { bytes, answer } = ask();
    reply(idOf(0), false, 1);
    model.done(idOf(0));
    expect(model.sent).toHaveLength(2);
    expect(model.sent[1]).toMatchObject(QUESTION);
    expect(idOf(1)).not.toBe(idOf(0));
    reply(idOf(0), true, 9); // The first answer, late.
    reply(idOf(1), false, 1);
    reply(idOf(1), true, 2);
    await answer;
    expect(bytes).toEqual([1, 2]);
    model.done(idOf(1));
    expect(model.sent).toHaveLength(2);
  });

  it("is an error if it is lost twice, and then the next request has its turn", async () => {
    const asked = talk.enqueue(() => ask().answer, ended.signal, true);
    const next = talk.enqueue(() => ask().answer, ended.signal, true);
    asked.catch(() => undefined);
    model.done(idOf(0));
    model.done(idOf(1));
    await expect(asked).rejects.toThrow("but its answer did not arrive. Try again");
    reply(idOf(2), true);
    await next;
    expect(model.sent).toHaveLength(3);
  });

  it("is requested again each time the connection is back", async () => {
    const { bytes, answer } = ask();
    for (const nth of [1, 2]) {
      kernel.connection("connecting");
      expect(talk.status.value).toBe("offline");
      expect(model.sent).toHaveLength(nth);
      kernel.connection("connected");
      expect(talk.status.value).toBe("live");
      expect(model.sent).toHaveLength(nth + 1);
    }
    reply(idOf(2), true, 7);
    await answer;
    expect(bytes).toEqual([7]);
  });

  it("is not requested twice if the host has kept the request", async () => {
    kernel.connection("connecting");
    const { answer } = ask();
    kernel.connection("connected");
    expect(model.sent).toHaveLength(1);
    reply(idOf(0), true);
    await answer;
  });
});

describe("a deferred answer", () => {
  const EXCERPT: DeferredRequest = {
    type: "excerpt",
    view: "",
    request: { map: "self", layer: 0, heads: [0], queries: [[0, 1]], keys: [[0, 2]], without: [] },
  };

  function askLater(lane = "view", giveUp = new AbortController()) {
    const bytes: number[] = [];
    const take = () => (buffer: DataView) => void bytes.push(buffer.getUint8(0));
    const answer = talk.requestLater(EXCERPT, lane, take, giveUp.signal);
    answer.catch(() => undefined);
    return { bytes, answer, giveUp };
  }
  const accept = (id: string) => model.answer({ type: "accepted", id, seen: [] });
  const types = () => model.sent.map(({ type }) => type);
  const settle = () => vi.advanceTimersByTimeAsync(0);

  it("may come after the kernel is done with the request", async () => {
    const { answer, bytes } = askLater();
    accept(idOf(0));
    model.done(idOf(0));
    expect(types()).toEqual(["excerpt"]);
    await vi.advanceTimersByTimeAsync(600);
    expect(talk.status.value).toBe("live");
    reply(idOf(0), false, 7);
    reply(idOf(0), true);
    await answer;
    expect(bytes).toEqual([7]);
  });

  it("is requested again if the kernel is done and has not accepted the request", () => {
    askLater();
    model.done(idOf(0));
    expect(types()).toEqual(["excerpt", "excerpt"]);
  });

  it("does not hold up other requests", () => {
    askLater("one");
    askLater("another");
    ask();
    expect(types()).toEqual(["excerpt", "excerpt", "request"]);
  });

  it("is cancelled at once, in the page and in the kernel", async () => {
    const { answer, giveUp } = askLater();
    accept(idOf(0));
    giveUp.abort();
    await expect(answer).rejects.toThrow("abort");
    expect(model.sent.at(-1)).toEqual({ type: "cancel", id: idOf(0) });
  });

  it("lets only the newest request of a lane wait until the kernel accepts the one before", async () => {
    const [first, second] = [askLater(), askLater()];
    await settle();
    first.giveUp.abort();
    second.giveUp.abort();
    const third = askLater();
    await settle();
    expect(types()).toEqual(["excerpt"]);
    accept(idOf(0));
    await settle();
    expect(types()).toEqual(["excerpt", "cancel", "excerpt"]);
    reply(idOf(2), true);
    await third.answer;
  });

  it("is requested again after the connection was lost, unless it was aborted", async () => {
    const [kept, dropped] = [askLater("one"), askLater("another")];
    accept(idOf(0));
    kernel.connection("connecting");
    dropped.giveUp.abort();
    kernel.connection("connected");
    expect(types()).toEqual(["excerpt", "excerpt", "excerpt"]);
    accept(idOf(2));
    reply(idOf(2), true);
    await kept.answer;
  });

  it("rejects if a newer request supersedes it, or if the kernel is gone", async () => {
    const one = askLater("one");
    model.answer({ type: "cancelled", id: idOf(0) });
    await expect(one.answer).rejects.toThrow("newer");
    const other = askLater("another");
    accept(idOf(1));
    kernel.tell("restarting");
    await expect(other.answer).rejects.toThrow(RESTARTED);
    await expect(askLater().answer).rejects.toThrow(RESTARTED);
  });
});

describe("a kernel that is gone", () => {
  it.each([
    ["restarted", () => kernel.tell("restarting"), RESTARTED],
    ["restarted", () => kernel.tell("autorestarting"), RESTARTED],
    ["restarted", () => model.cut(), RESTARTED],
    ["stopped", () => kernel.tell("dead"), STOPPED],
    ["stopped", () => kernel.disposed.emit(), STOPPED],
  ] as const)("rejects pending and later requests: %s", async (status, end, sentence) => {
    const { answer } = ask();
    end();
    await expect(answer).rejects.toThrow(sentence);
    expect(talk.status.value).toBe(status);
    await expect(ask().answer).rejects.toThrow(sentence);
    expect(model.sent).toHaveLength(1);
    // The next kernel does not know this model.
    kernel.connection("connected");
    kernel.tell("idle");
    expect(talk.status.value).toBe(status);
  });

  it("is noticed by the messages of another process, after another page has restarted it", () => {
    const state = (session: string, execution_state: string) =>
      kernel.iopubMessage.emit({ header: { msg_type: "status", session }, content: { execution_state } });
    state("first", "busy");
    state("server", "restarting");
    state("first", "idle");
    kernel.iopubMessage.emit({ header: { msg_type: "stream", session: "server" }, content: { text: "too fast" } });
    expect(talk.status.value).toBe("live");
    state("second", "busy");
    expect(talk.status.value).toBe("restarted");
  });

  it("is noticed by a message that cannot be sent", async () => {
    model.isMute = true;
    await expect(ask().answer).rejects.toThrow(STOPPED);
    expect(talk.status.value).toBe("stopped");
  });

  it("goes unnoticed in a page whose host reports nothing", async () => {
    const silent = new MemoryModel();
    talk = new KernelChannel(silent as unknown as KernelModel, ended.signal);
    const asked = talk.request(QUESTION, () => () => undefined);
    silent.answer({ type: "blocks", id: silent.sent[0]?.id, done: true });
    await asked;
    expect(talk.status.value).toBe("live");
  });
});

it("leaves nothing behind when it ends", async () => {
  const { answer } = ask();
  ended.abort();
  await expect(answer).rejects.toThrow("closed");
  await expect(ask().answer).rejects.toThrow("closed");
  const slots = [kernel.statusChanged, kernel.connectionStatusChanged, kernel.disposed, kernel.iopubMessage].map(
    ({ slots }) => slots.size,
  );
  expect([slots, vi.getTimerCount()]).toEqual([[0, 0, 0, 0], 0]);
});
