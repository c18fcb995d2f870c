import type { Page } from "playwright-core";

declare global {
  interface Window {
    /** What this page has to do with its kernels' websockets. */
    headscopeTestWire: { state: "up" | "down" | "deaf"; readonly sockets: Set<WebSocket> };
  }
}

/** Puts this page's websockets into the test's hands. Call it before the page is opened. */
export async function holdConnection(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const wire: Window["headscopeTestWire"] = { state: "up", sockets: new Set() };
    window.headscopeTestWire = wire;
    window.WebSocket = class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        // Nothing answers at the discard port: a server that is not there.
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

/** What is sent and what comes is lost from now on, and nobody is told. */
export async function loseMessages(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.headscopeTestWire.state = "deaf";
  });
}

/** Breaks every connection; new ones fail until `connect`. */
export async function disconnect(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.headscopeTestWire.state = "down";
    for (const socket of window.headscopeTestWire.sockets) socket.close(4000);
  });
}

/** Lets connections through again, and waits until the notebook's kernel has one. */
export async function connect(page: Page): Promise<void> {
  await page.evaluate(async () => {
    window.headscopeTestWire.state = "up";
    const kernel = window.headscopeTestPanel.sessionContext.session?.kernel;
    if (kernel?.connectionStatus !== "connected") await kernel?.reconnect();
  });
}
