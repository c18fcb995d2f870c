/** Bundle the code of the notebook's widgets and of the standalone page into `python/headscope/static/`. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { check, STATIC } from "./bundle-sizes.mjs";
import { notices } from "./notices.mjs";

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

/** Bundles a script, with the notices of the libraries in it at its start. */
async function bundle(from, name, options) {
  const whole = { ...common, ...options, entryPoints: [{ in: from, out: name }] };
  const { metafile } = await build({ ...whole, write: false, metafile: true });
  await build({ ...whole, banner: { js: notices(ROOT, metafile.inputs) } });
}

try {
  await bundle("src/widget/store.ts", "store", { format: "esm" });
  await bundle("src/widget/view.ts", "widget", { format: "esm" });
  // A classic script: it is part of an exported page, and a page that is opened as a file may load no module.
  await bundle("src/page/page.ts", "page", { format: "iife", globalName: "headscope" });
  // For a JavaScript engine without a browser: figures that Python draws by itself.
  await bundle("src/figure/engine.ts", "figure", { format: "iife", globalName: "headscopeFigure" });
  await build({ ...common, entryPoints: [{ in: "style/widget.css", out: "widget" }] });
  check();
} catch (error) {
  // esbuild has already printed its own errors.
  if (!error.errors) console.error(error.message);
  process.exit(1);
}
