/** A part of a file, as a server sent it. */
export interface Part {
  readonly start: number;
  readonly bytes: ArrayBuffer;
  /** The length of the whole file in bytes. */
  readonly size: number;
  /** Differs if the file differs, as far as the server reports it. */
  readonly version: string;
}

/** A server without range support sends files whole. Up to this many bytes of one are held in memory. */
export const MAX_WHOLE = 256 * 1024 * 1024;

/**
 * Reads the server's answer to a request for the bytes from `start` up to `stop`: these bytes, fewer at the end of the
 * file, or more if the server sends files whole. Throws an error with a message for users that names the file `name`.
 */
export async function readPart(response: Response, start: number, stop: number, name: string): Promise<Part> {
  if (isLogin(response)) {
    throw new Error(`The server asks for a login before it sends ${name}. Log in again, then try again.`);
  }
  if (response.status === 206) return rangeOf(response, start, stop, name);
  if (response.status === 200) return wholeOf(response, start, stop, name);
  const size = response.status === 416 ? sizeIn(response) : null;
  // An empty file has no bytes, nor has any file beyond its end.
  if (size !== null) return { start, bytes: new ArrayBuffer(0), size, version: versionOf(response, size) };
  throw new Error(refusal(response.status, name));
}

function refusal(status: number, name: string): string {
  if (status === 404 || status === 410) {
    return `${name} is not there any more: it was moved, renamed or deleted. Put it back, then try again.`;
  }
  if (status === 401 || status === 403) {
    return `The server does not let you read ${name}. Ask for permission to read it, or log in again, then try again.`;
  }
  return (
    `The server could not read ${name} (HTTP status ${status}). ` +
    "See that the file can be read where the server runs, then try again."
  );
}

/** Whether a page came instead of the file: servers redirect users who are not logged in to one. */
function isLogin(response: Response): boolean {
  return response.redirected && (response.headers.get("Content-Type") ?? "").startsWith("text/html");
}

async function rangeOf(response: Response, start: number, stop: number, name: string): Promise<Part> {
  const header = response.headers.get("Content-Range") ?? "";
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header)?.map(Number) ?? [];
  const bytes = await response.arrayBuffer();
  const isAsked = first === start && last === Math.min(stop, size ?? 0) - 1 && bytes.byteLength === last + 1 - first;
  if (size === undefined || !isAsked) {
    const got = `${bytes.byteLength} bytes as "${header}"`;
    throw new Error(`The server was asked for bytes ${start} to ${stop} of ${name}, and sent ${got}. Try again.`);
  }
  return { start, bytes, size, version: versionOf(response, size) };
}

/** Reads the answer of a server without range support, or of one that was asked for the whole file. */
async function wholeOf(response: Response, start: number, stop: number, name: string): Promise<Part> {
  const size = lengthOf(response);
  if (size !== null && size > MAX_WHOLE) {
    const bytes = await taken(response, start, Math.min(stop, size));
    return { start, bytes, size, version: versionOf(response, size) };
  }
  const bytes = await taken(response, 0, MAX_WHOLE + 1);
  if (bytes.byteLength > MAX_WHOLE) {
    const most = MAX_WHOLE / 1024 / 1024;
    throw new Error(
      `The server sends ${name} only whole, and it has over ${most} MB. Open it in Python: hs.load("${name}")`,
    );
  }
  if (size !== null && size !== bytes.byteLength) {
    throw new Error(`The server announced ${size} bytes of ${name} and sent ${bytes.byteLength}. Try again.`);
  }
  return { start: 0, bytes, size: bytes.byteLength, version: versionOf(response, bytes.byteLength) };
}

/** The bytes from `start` up to `stop` of an answer; does not wait for the rest. */
async function taken(response: Response, start: number, stop: number): Promise<ArrayBuffer> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body?.getReader();
  let at = 0;
  while (reader && at < stop) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value.slice(Math.max(0, start - at), Math.max(0, stop - at)));
    at += value.byteLength;
  }
  await reader?.cancel();
  return new Blob(parts).arrayBuffer();
}

/** The length of a whole answer; null if no header gives it, or if it counts compressed bytes. */
function lengthOf({ headers }: Response): number | null {
  const header = headers.get("Content-Length");
  return header === null || headers.has("Content-Encoding") ? null : Number(header);
}

function sizeIn({ headers }: Response): number | null {
  const size = /^bytes \*\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1];
  return size === undefined ? null : Number(size);
}

function versionOf({ headers }: Response, size: number): string {
  return [headers.get("ETag"), headers.get("Last-Modified"), size].join(" ");
}
