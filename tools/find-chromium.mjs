/**
 * Find a Chromium that starts, or install one: from the PATH, else from Playwright, else from apt if we are root. Run
 * as a program, it prints the path. HEADSCOPE_CHROMIUM names another one to use.
 *
 * The headless shell is the same engine without the windows of a browser, which cost more than a second of each page.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const NAMES = [
  ...["chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser"],
  ...["google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"],
];
const PACKAGES = ["chromium-headless-shell", "chromium"];
const MAC = ["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
const MINUTE = 60_000;

/** The path of a Chromium. Slow steps are announced through `log`. */
export function findChromium(log = console.error) {
  const named = process.env.HEADSCOPE_CHROMIUM;
  if (named && !starts(named)) throw new Error(`HEADSCOPE_CHROMIUM is ${named}, which does not start.`);
  const path = named || installed() || fromPlaywright(log) || fromApt(log);
  if (path) return path;
  throw new Error(
    "The browser tests need Chromium or Chrome: none is on the PATH, and neither Playwright nor apt could install one. " +
      "Install one, or set HEADSCOPE_CHROMIUM to the path of its program.",
  );
}

function installed() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...MAC, chromium.executablePath()].find((path) => isProgram(path) && starts(path));
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Try it: some systems have a stub that only says what to install, and a browser may lack libraries. */
function starts(path) {
  try {
    return /\d+\.\d+/.test(execFileSync(path, ["--version"], { encoding: "utf8", timeout: MINUTE, stdio: "pipe" }));
  } catch {
    return false;
  }
}

function fromPlaywright(log) {
  const cli = join(dirname(createRequire(import.meta.url).resolve("playwright-core/package.json")), "cli.js");
  log("No Chromium found: trying Playwright's ...");
  return attempt(log, 5 * MINUTE, [process.execPath, cli, "install", "chromium"]) && installed();
}

function fromApt(log) {
  if (process.getuid?.() !== 0) return undefined;
  log("No Chromium from Playwright: trying apt ...");
  // If another installation is under way, apt waits for it.
  const quiet = ["-qq", "-o=Dpkg::Use-Pty=0", "-o=DPkg::Lock::Timeout=120"];
  const install = ["apt-get", ...quiet, "install", "--yes", "--no-install-recommends"];
  return (
    attempt(log, 3 * MINUTE, ["apt-get", ...quiet, "update"]) &&
    PACKAGES.some((name) => attempt(log, 8 * MINUTE, [...install, name])) &&
    installed()
  );
}

/** Whether a command succeeds in its time; otherwise logs why not. */
function attempt(log, timeout, [program, ...args]) {
  try {
    execFileSync(program, args, {
      timeout,
      encoding: "utf8",
      stdio: "pipe",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    return true;
  } catch (error) {
    const why = error.code === "ETIMEDOUT" ? `took longer than ${timeout / MINUTE} minutes` : complaint(error);
    log(`  ${[program, ...args].join(" ")}: ${why}`);
    return false;
  }
}

function complaint(error) {
  const lines = `${error.stdout}\n${error.stderr}\n${error.message}`.split("\n");
  return lines.find((line) => /error|fail|^E:/i.test(line))?.trim() ?? error.message;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(findChromium());
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
