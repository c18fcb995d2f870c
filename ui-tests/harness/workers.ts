/** The number of test files that run at a time, each with its own servers. A test mostly keeps one core busy. */
export const WORKERS = Number(process.env.HEADSCOPE_WORKERS ?? 2);

/** The number of torch's threads in a kernel: one, because the other test file needs a core too. */
export const THREADS = process.env.HEADSCOPE_THREADS ?? "1";
