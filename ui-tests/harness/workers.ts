/** How many test files run at a time, each with servers of its own. Most of a test's time is one busy core. */
export const WORKERS = Number(process.env.HEADSCOPE_WORKERS ?? 2);

/** How many threads torch has in a kernel: one, as the other test file needs a core too. */
export const THREADS = process.env.HEADSCOPE_THREADS ?? "1";
