/**
 * The number of test files that run at a time, each with its own servers: one more than the two cores that are common,
 * because a test often waits for a timer, such as that of a lost connection.
 */
export const WORKERS = Number(process.env.HEADSCOPE_WORKERS ?? 3);

/** The number of torch's threads in a kernel: one, because the other test files need cores too. */
export const THREADS = process.env.HEADSCOPE_THREADS ?? "1";
