/** Serves the pages of the VS Code host, the kernel environment's widget scripts, and the kernel's channels. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, connect, Socket } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PAGES = ["workbench.html", "webview.html"];
const SCRIPTS = ["workbench", "extension-host", "webview"];
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

type Files = ReadonlyMap<string, string | Uint8Array>;

export interface VscodeServer {
  /** The URL of the workbench. */
  readonly url: string;
  close(): Promise<void>;
}

/** Bundles the host's scripts and serves them beside the kernels of a Jupyter server. */
export async function startVscode(python: string, jupyter: string): Promise<VscodeServer> {
  const folders = nbextensions(python);
  const files = await ownFiles();
  files.set("/script-sources", JSON.stringify(scriptSources(folders)));
  const server = createServer((request, response) => {
    const content = contentOf(pathOf(request), files, folders);
    if (content === undefined) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(pathOf(request))] ?? "application/json" }).end(content);
  });
  server.on("upgrade", (request, socket, head) => tunnel(request, socket, head, new URL(jupyter)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function ownFiles(): Promise<Map<string, string | Uint8Array>> {
  const require = createRequire(import.meta.url);
  const { outputFiles } = await build({
    entryPoints: SCRIPTS.map((name) => join(HERE, `${name}.ts`)),
    bundle: true,
    write: false,
    outdir: HERE,
    target: "es2022",
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    loader: { ".svg": "empty", ".css": "empty" },
    alias: { path: "path-browserify" },
  });
  return new Map([
    ...outputFiles.map(({ path, contents }) => [`/${path.slice(HERE.length)}`, contents] as const),
    ...PAGES.map((name) => [`/${name}`, readFileSync(join(HERE, name))] as const),
    ["/require.js", readFileSync(join(require.resolve("requirejs/package.json"), "../require.js"))] as const,
    ["/ipywidgets.js", readFileSync(require.resolve("@vscode/jupyter-ipywidgets8"))] as const,
  ]);
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
}

function contentOf(path: string, files: Files, folders: readonly string[]): string | Uint8Array | undefined {
  const own = files.get(path);
  if (own !== undefined || !path.startsWith("/nbextensions/")) return own;
  const found = folders.map((folder) => join(folder, path.slice("/nbextensions/".length))).find(existsSync);
  return found && readFileSync(found);
}

/** The folders of widget scripts in the kernel's environment, in order of precedence. */
function nbextensions(python: string): string[] {
  const code =
    "import json; from jupyter_core.paths import jupyter_path; print(json.dumps(jupyter_path('nbextensions')))";
  return JSON.parse(execFileSync(python, ["-c", code], { encoding: "utf8" }));
}

/**
 * The places of widgets that each `extension.js` declares. The Jupyter extension reads these files without running
 * them.
 */
function scriptSources(folders: readonly string[]): Record<string, string> {
  const entry = /["']?([@\w/-]+)["']?\s*:\s*["'](nbextensions\/[^"']+)["']/g;
  const texts = folders
    .filter(existsSync)
    .reverse()
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, "extension.js")))
    .filter(existsSync)
    .map((path) => readFileSync(path, "utf8"));
  return Object.fromEntries(texts.flatMap((text) => [...text.matchAll(entry)].map(([, name, path]) => [name, path])));
}

/** Forwards a websocket to the Jupyter server, which accepts none from pages of another origin. */
function tunnel(request: IncomingMessage, socket: Duplex, head: Buffer, { hostname, port, origin, host }: URL): void {
  const upstream = connect(Number(port), hostname, () => {
    const headers = Object.entries({ ...request.headers, host, origin }).map(([name, value]) => `${name}: ${value}`);
    upstream.write(`${[`GET ${request.url} HTTP/1.1`, ...headers].join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    // Small messages must not wait for larger ones.
    upstream.setNoDelay(true);
    if (socket instanceof Socket) socket.setNoDelay(true);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.on("error", () => socket.destroy());
  socket.on("error", () => upstream.destroy());
}
