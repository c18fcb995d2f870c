import type { Page } from "playwright-core";

declare global {
  interface Window {
    /** The state of this page's websockets to its kernels. */
    headscopeTestWire: { state: "up" | "down" | "deaf"; readonly sockets: Set<WebSocket> };
  }
}

/** Lets the test control this page's websockets. Call it before the page is opened. */
export async function holdConnection(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const wire: Window["headscopeTestWire"] = { state: "up", sockets: new Set() };
    window.headscopeTestWire = wire;
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        // Nothing answers at the discard port, as if the server were gone.
        super(wire.state === "down" ? "ws://127.0.0.1:9/" : url, protocols);
        wire.sockets.add(this);
        this.addEventListener("close", () => wire.sockets.delete(this));
      }
      override send(data: Parameters<WebSocket["send"]>[0]): void {
        if (wire.state === "up") super.send(data);
      }
      override set onmessage(take: ((event: MessageEvent) => unknown) | null) {
        super.onmessage = take && ((event) => wire.state === "up" && take(event));
      }
      override get onmessage() {
        return super.onmessage as ((event: MessageEvent) => unknown) | null;
      }
    };
  });
}

/** Loses all messages from now on, in both directions, without a sign. */
export async function loseMessages(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.headscopeTestWire.state = "deaf";
  });
}

/** Closes every connection; new ones fail until `connect`. */
export async function disconnect(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.headscopeTestWire.state = "down";
    for (const socket of window.headscopeTestWire.sockets) socket.close(4000);
  });
}

/** Allows connections again, and waits until the notebook's kernel has one. */
export async function connect(page: Page): Promise<void> {
  await page.evaluate(async () => {
    window.headscopeTestWire.state = "up";
    const kernel = window.headscopeTestPanel.sessionContext.session?.kernel;
    if (kernel?.connectionStatus !== "connected") await kernel?.reconnect();
  });
}
