import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HARNESS, RESULTS, ROOT } from "./paths";
import { SMOLLM2 } from "./smollm2";
import { THREADS } from "./workers";

const START_LIMIT = 120_000;
const STOP_LIMIT = 10_000;
/** The Python whose JupyterLab and kernels the tests use. */
export const PYTHON = process.env.HEADSCOPE_PYTHON ?? join(ROOT, ".venv/bin/python");

export interface Jupyter {
  readonly url: string;
  readonly root: string;
  readonly settings: string;
  stop(): Promise<void>;
}

/**
 * Starts the JupyterLab of a Python, usually HEADSCOPE_PYTHON or `.venv`, with its own configuration and folders.
 * `data` is another folder with Jupyter's data, such as kernels.
 */
export async function startJupyter(name: number | string, python = PYTHON, data?: string): Promise<Jupyter> {
  const log = join(RESULTS, `jupyter-${name}.log`);
  const home = mkdtempSync(join(tmpdir(), "headscope-"));
  const root = folder(home, "root");
  const settings = folder(home, "settings");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // Otherwise every page asks whether JupyterLab itself can be rebuilt, which costs the server a third of a second.
  const pages = { buildAvailable: false, buildCheck: false };
  writeFileSync(join(folder(home, "config", "labconfig"), "page_config.json"), JSON.stringify(pages));
  const server = launch(python, root, port, log, {
    ...environment(home, python),
    ...(data ? { JUPYTER_PATH: data } : {}),
  });
  const stop = async () => {
    await end(server);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await answering(`${url}/api/status`, server, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, root, settings, stop };
}

function launch(python: string, root: string, port: number, path: string, env: NodeJS.ProcessEnv): ChildProcess {
  const args = [
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    `--ServerApp.port=${port}`,
    "--ServerApp.port_retries=0",
    `--ServerApp.root_dir=${root}`,
    "--ServerApp.allow_root=True",
    "--IdentityProvider.token=",
    // So that the harness can end kernels through the server's own interface.
    "--ServerApp.disable_check_xsrf=True",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
  ];
  // Its own process group, so that its kernels end with it. It also ends when this process does.
  const server = spawn(python, [join(HARNESS, "tethered.py"), "jupyterlab", ...args], { detached: true, env });
  mkdirSync(RESULTS, { recursive: true });
  const log = createWriteStream(path);
  server.stdout?.pipe(log);
  server.stderr?.pipe(log);
  server.on("error", (error) => log.write(`${error.message}\n`));
  return server;
}

/** The user's own Jupyter must be neither seen nor changed, and no model may be downloaded. */
function environment(home: string, python: string): NodeJS.ProcessEnv {
  const { JUPYTER_PATH: _data, JUPYTER_CONFIG_PATH: _config, PYTHONPATH, ...inherited } = process.env;
  return {
    ...inherited,
    // Paths before the packages of the tests' Python do not belong in another.
    ...(python === PYTHON && PYTHONPATH ? { PYTHONPATH } : {}),
    JUPYTER_CONFIG_DIR: folder(home, "config"),
    JUPYTER_DATA_DIR: folder(home, "data"),
    JUPYTER_RUNTIME_DIR: folder(home, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: folder(home, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: folder(home, "workspaces"),
    IPYTHONDIR: folder(home, "ipython"),
    HF_HUB_OFFLINE: "1",
    HEADSCOPE_SMOLLM2: SMOLLM2,
    OMP_NUM_THREADS: THREADS,
  };
}

function folder(...parts: string[]): string {
  const path = join(...parts);
  mkdirSync(path, { recursive: true });
  return path;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no port.");
  return address.port;
}

async function answering(url: string, server: ChildProcess, log: string): Promise<void> {
  for (const limit = Date.now() + START_LIMIT; Date.now() < limit; await sleep(200)) {
    if (server.pid === undefined || server.exitCode !== null) {
      throw new Error(`JupyterLab ended before it answered:\n${readFileSync(log, "utf8")}`);
    }
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`JupyterLab did not answer within ${START_LIMIT / 1000} s:\n${readFileSync(log, "utf8")}`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.pid === undefined) return;
  const ended = server.exitCode === null ? once(server, "exit") : Promise.resolve();
  signal(server.pid, "SIGTERM");
  await Promise.race([ended, sleep(STOP_LIMIT)]);
  signal(-server.pid, "SIGKILL");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has already ended.
  }
}
