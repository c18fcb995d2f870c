import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { type Jupyter, PYTHON } from "./jupyter";
import { ROOT } from "./paths";

const execute = promisify(execFile);

/** The sources of a package, and the front end as last built. */
const SOURCES = ["python", "src", "style", "schema", "tools", "package.json", "install.json", "pyproject.toml"];
const TEXTS = ["README.md", "LICENSE", "CHANGELOG.md", "docs/options.md"];

/** The edition of a package. */
export interface Edition {
  readonly version: string;
  readonly contract: number;
}

/** Builds the wheel of some sources with no program on the PATH, as `pip install` does from an sdist. */
export async function buildWheel(sources: string, folder: string): Promise<string> {
  const options = ["--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", folder];
  await execute(PYTHON, ["-m", "pip", "wheel", ...options, sources], { env: { ...process.env, PATH: folder } });
  const [wheel] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  if (!wheel) throw new Error(`pip made no wheel of ${sources}.`);
  return join(folder, wheel);
}

/** Copies the sources, changes their edition and rebuilds their widgets. */
export async function otherSources(folder: string, { version, contract }: Edition): Promise<string> {
  for (const name of [...SOURCES, ...TEXTS]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter: (path) => !path.endsWith("__pycache__") });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  change(join(folder, "package.json"), /^ {2}"version": ".*",$/m, `  "version": "${version}",`);
  const contracts = join(folder, "python", "headscope", "contract.py");
  change(contracts, /^CONTRACT_VERSION: Final = \d+$/m, `CONTRACT_VERSION: Final = ${contract}`);
  await execute(PYTHON, ["tools/contract.py"], { cwd: folder });
  await execute(process.execPath, ["tools/build-widget.mjs"], { cwd: folder });
  return folder;
}

function change(path: string, from: RegExp, to: string): void {
  const text = readFileSync(path, "utf8");
  if (!from.test(text)) throw new Error(`${path} has nothing like ${from}.`);
  writeFileSync(path, text.replace(from, to));
}

/**
 * Makes a virtual environment that has its own Headscope, or none, and borrows everything else from that of the tests:
 * Python packages, and the files that they installed for Jupyter. Returns its Python.
 */
export async function newEnvironment(folder: string, wheel?: string): Promise<string> {
  await execute(PYTHON, ["-m", "venv", "--without-pip", folder]);
  const python = join(folder, "bin", "python");
  const { stdout } = await execute(PYTHON, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
  const [prefix, packages] = [dirname(dirname(PYTHON)), stdout.trim()];
  writeFileSync(join(folder, relative(prefix, packages), "borrowed.pth"), `${packages}\n`);
  borrow(join(prefix, "etc", "jupyter"), join(folder, "etc", "jupyter"));
  borrow(join(prefix, "share", "jupyter"), join(folder, "share", "jupyter"), ["kernels", "labextensions"]);
  const extensions = join("share", "jupyter", "labextensions");
  borrow(join(prefix, extensions), join(folder, extensions), ["headscope"]);
  if (wheel) {
    const options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"];
    await execute(PYTHON, ["-m", "pip", "--python", python, "install", ...options, wheel]);
  }
  return python;
}

function borrow(from: string, to: string, except: readonly string[] = []): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!except.includes(name)) symlinkSync(join(from, name), join(to, name));
  }
}

/** Lets a server start kernels of another environment under this name. */
export function addKernel({ root }: Pick<Jupyter, "root">, name: string, python: string): void {
  const folder = join(dirname(root), "data", "kernels", name);
  mkdirSync(folder, { recursive: true });
  const argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"];
  const spec = { argv, display_name: `Python of ${name}`, language: "python", env: { PYTHONPATH: "" } };
  writeFileSync(join(folder, "kernel.json"), JSON.stringify(spec));
}
