import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import type { CDPSession } from "playwright-core";
import { ROOT } from "../../ui-tests/harness/index";

/** As the browser's profiler gives it. */
export interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame }[];
  readonly samples?: number[];
  readonly timeDeltas?: number[];
}

interface Frame {
  readonly functionName: string;
  readonly scriptId: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** A function of a page, with the milliseconds in which it was the one at work. */
export interface PageFunction {
  readonly name: string;
  readonly own: number;
}

/** The functions of most time of their own, those of the widgets by where they stand in `src/`. */
export async function functionsOf(session: CDPSession, profile: Profile): Promise<PageFunction[]> {
  const own = new Map<number, number>();
  profile.samples?.forEach((id, index) => {
    own.set(id, (own.get(id) ?? 0) + (profile.timeDeltas?.[index] ?? 0) / 1000);
  });
  const nameOf = await naming(session);
  const names = new Map<string, number>();
  for (const { id, callFrame } of profile.nodes) {
    if (["(idle)", "(program)", "(root)"].includes(callFrame.functionName)) continue;
    const name = await nameOf(callFrame);
    names.set(name, (names.get(name) ?? 0) + (own.get(id) ?? 0));
  }
  const sorted = [...names].sort(([, a], [, b]) => b - a).slice(0, 12);
  return sorted.map(([name, own]) => ({ name, own }));
}

/** What names functions: the bundles are minified, so they are built once more, with maps to their sources. */
async function naming(session: CDPSession): Promise<(frame: Frame) => Promise<string>> {
  await session.send("Debugger.enable");
  const bundles = await bundlesWithMaps();
  const scripts = new Map<string, Promise<SourceMap | undefined>>();
  const mapOf = async (scriptId: string) => {
    const { scriptSource } = await session.send("Debugger.getScriptSource", { scriptId });
    return bundles.find(({ text }) => scriptSource.trim() === text.trim())?.map;
  };
  return async ({ scriptId, functionName, url, lineNumber, columnNumber }) => {
    if (!url) return functionName;
    if (!scripts.has(scriptId)) {
      scripts.set(
        scriptId,
        mapOf(scriptId).catch(() => undefined),
      );
    }
    const entry = (await scripts.get(scriptId))?.findEntry(lineNumber, columnNumber);
    if (!entry || !("originalSource" in entry)) return `${functionName || "(anonymous)"} of the page`;
    const source = entry.originalSource.replace(/^(\.\.\/)+/, "");
    return `${source}:${entry.originalLine + 1} ${lineOf(source, entry.originalLine)}`;
  };
}

/** What stands where a function begins. */
function lineOf(source: string, line: number): string {
  const text = readFileSync(join(ROOT, source), "utf8").split("\n")[line] ?? "";
  return text.trim().slice(0, 60);
}

/** The bundles as `tools/build-widget.mjs` makes them. */
async function bundlesWithMaps(): Promise<{ text: string; map: SourceMap }[]> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/widget/store.ts", "src/widget/view.ts"],
    bundle: true,
    minify: true,
    target: "es2022",
    legalComments: "none",
    charset: "utf8",
    format: "esm",
    outdir: "build",
    sourcemap: "external",
    write: false,
  });
  const scripts = outputFiles.filter(({ path }) => path.endsWith(".js"));
  return scripts.map(({ path, text }) => {
    const map = outputFiles.find((file) => file.path === `${path}.map`);
    return { text, map: new SourceMap(JSON.parse(map?.text ?? "{}")) };
  });
}
