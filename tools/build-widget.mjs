/** Bundle what the notebook's widgets and the standalone page load into `python/headscope/static/`. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { check, STATIC } from "./bundle-sizes.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  charset: "utf8",
  outdir: fileURLToPath(STATIC),
  logLevel: "warning",
};

try {
  await build({
    ...common,
    format: "esm",
    entryPoints: [
      { in: "src/widget/store.ts", out: "store" },
      { in: "src/widget/view.ts", out: "widget" },
    ],
  });
  // A classic script: it stands inside an exported page, where the file's own origin may load no module.
  await build({
    ...common,
    format: "iife",
    globalName: "headscope",
    entryPoints: [{ in: "src/page/page.ts", out: "page" }],
  });
  await build({ ...common, entryPoints: [{ in: "style/widget.css", out: "widget" }] });
  check();
} catch (error) {
  // esbuild has printed its own errors already.
  if (!error.errors) console.error(error.message);
  process.exit(1);
}
