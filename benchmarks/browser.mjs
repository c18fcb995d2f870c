import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";
import { findChromium } from "../tools/find-chromium.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A Chromium that can be ended even while a page blocks it. */
export async function startBrowser() {
  const server = await chromium.launchServer({ executablePath: findChromium(), args: FLAGS, headless: true });
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, kill: () => server.kill() };
}

/** Megabytes resident in the largest renderer: what a page costs, typed arrays and pictures included. */
export async function rendererMegabytes(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const ids = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => String(id));
  const sizes = execFileSync("ps", ["-o", "rss=", "-p", ids.join(",")], { encoding: "utf8" });
  return Math.max(...sizes.trim().split(/\s+/).map(Number)) / 1000;
}

/** Megabytes of live JavaScript objects after a collection; typed arrays are not among them. */
export async function heapMegabytes(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  await session.send("Performance.enable");
  const { metrics } = await session.send("Performance.getMetrics");
  await session.detach();
  return metrics.find(({ name }) => name === "JSHeapUsedSize").value / 1e6;
}
