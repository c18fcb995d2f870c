import { type BrowserServer, chromium } from "playwright-core";
import { findChromium } from "../../tools/find-chromium.mjs";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  // These make pictures of views equal on other machines.
  "--font-render-hinting=none",
  "--disable-lcd-text",
  "--force-color-profile=srgb",
];

export function launchBrowser(): Promise<BrowserServer> {
  return chromium.launchServer({ executablePath: findChromium(), args: ARGS, host: "127.0.0.1" });
}
