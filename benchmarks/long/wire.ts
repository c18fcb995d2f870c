import { setTimeout as sleep } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import { kernel } from "../../ui-tests/harness/index";

/** What a page gets over its websockets, and what it holds. */
export class Wire {
  #bytes = 0;

  private constructor(
    readonly page: Page,
    readonly session: CDPSession,
  ) {}

  /** Listens from now on. Call it before the page is opened: a socket that is open already is not heard. */
  static async listen(page: Page): Promise<Wire> {
    const session = await page.context().newCDPSession(page);
    const wire = new Wire(page, session);
    session.on("Network.webSocketFrameReceived", ({ response: { opcode, payloadData } }) => {
      // Binary frames come in base64.
      wire.#bytes += opcode === 2 ? (payloadData.length / 4) * 3 : Buffer.byteLength(payloadData);
    });
    await session.send("Network.enable");
    return wire;
  }

  /** Bytes received since it was asked last. */
  take(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  /** Waits until nothing has come for a while: what was asked for ahead has arrived. */
  async quiet(): Promise<void> {
    let before = -1;
    for (const limit = Date.now() + 60_000; before !== this.#bytes && Date.now() < limit; await sleep(80)) {
      before = this.#bytes;
    }
  }

  /** Megabytes of live objects after a collection, and of typed arrays and pictures beside them. */
  async pageMegabytes(): Promise<{ heap: number; arrays: number }> {
    await this.session.send("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = (await this.session.send("Runtime.getHeapUsage")) as {
      usedSize: number;
      backingStorageSize?: number;
    };
    return { heap: usedSize / 1e6, arrays: backingStorageSize / 1e6 };
  }

  async kernelMegabytes(): Promise<number> {
    return Number(await kernel(this.page, "kernel_megabytes()"));
  }
}
