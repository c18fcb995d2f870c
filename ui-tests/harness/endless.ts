/** Starts everything that a run of browser tests starts, and a kernel, reports it and runs until it is killed. */
import { launchBrowser } from "./browser";
import { PYTHON, startJupyter } from "./jupyter";
import { startNursery } from "./nursery";

const nursery = await startNursery(PYTHON);
const [jupyter] = await Promise.all([startJupyter("endless", PYTHON, nursery.data), launchBrowser()]);
const response = await fetch(`${jupyter.url}/api/kernels`, { method: "POST" });
if (!response.ok) throw new Error(`Jupyter starts no kernel: ${await response.text()}`);
console.log("started");
