import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_WHOLE } from "./http-answer";
import { type AskRange, HttpReader } from "./http-reader";

const never = new AbortController().signal;
const FILE = Uint8Array.from({ length: 400_000 }, (_, at) => (at * 31) % 251);

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let serve: Serve;
let asked: string[];
let ask: AskRange;

beforeEach(async () => {
  asked = [];
  serve = ranges(FILE);
  server = createServer((request, response) => {
    asked.push(request.headers.range ?? "");
    serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  ask = (range, signal) => fetch(url, { headers: { Range: range }, signal });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Answers ranges as Jupyter's server does: a range of the whole file gets status 200. */
function ranges(file: Uint8Array, modified = "Sun, 22 Nov 2026 10:00:00 GMT"): Serve {
  return (request, response) => {
    const [first = 0, last = 0] =
      /(\d+)-(\d+)/
        .exec(request.headers.range ?? "")
        ?.slice(1)
        .map(Number) ?? [];
    const stop = Math.min(last + 1, file.length);
    response.setHeader("Last-Modified", modified);
    if (first >= file.length) {
      response.writeHead(416, { "Content-Range": `bytes */${file.length}` }).end();
    } else if (stop - first === file.length) {
      response.writeHead(200, { "Content-Length": file.length }).end(file);
    } else {
      const told = `bytes ${first}-${stop - 1}/${file.length}`;
      response.writeHead(206, { "Content-Range": told }).end(file.subarray(first, stop));
    }
  };
}

const open = () => HttpReader.open("x.attn.safetensors", ask, never);
const bytesOf = async (reader: HttpReader, start: number, stop: number) =>
  new Uint8Array(await reader.read(start, stop, never));

describe("HttpReader", () => {
  it("reads the requested ranges, and the beginning only once", async () => {
    const reader = await open();
    expect(reader.size).toBe(400_000);
    expect(await bytesOf(reader, 8, 100)).toEqual(FILE.slice(8, 100));
    expect(await bytesOf(reader, 300_000, 300_010)).toEqual(FILE.slice(300_000, 300_010));
    expect(await bytesOf(reader, 399_990, 500_000)).toEqual(FILE.slice(399_990));
    expect(await bytesOf(reader, 400_000, 500_000)).toEqual(new Uint8Array(0));
    expect(asked).toEqual(["bytes=0-131071", "bytes=300000-300009", "bytes=399990-399999"]);
  });

  it("reads a small file whole at once", async () => {
    serve = ranges(FILE.subarray(0, 1000));
    const reader = await open();
    expect(await bytesOf(reader, 990, 1000)).toEqual(FILE.slice(990, 1000));
    expect(asked).toHaveLength(1);
  });

  it("reads an empty file", async () => {
    serve = ranges(new Uint8Array(0));
    expect((await open()).size).toBe(0);
  });

  it("keeps the file of a server that sends it whole, with and without its length", async () => {
    for (const headers of [{}, { "Content-Length": FILE.length }]) {
      asked = [];
      serve = (_, response) => {
        response.writeHead(200, headers);
        response.write(FILE);
        response.end();
      };
      const reader = await open();
      expect(reader.size).toBe(400_000);
      expect(await bytesOf(reader, 300_000, 300_010)).toEqual(FILE.slice(300_000, 300_010));
      await reader.check(never);
      expect(asked).toHaveLength(1);
    }
  });

  it("takes its part of a large file that is sent whole, and does not wait for the rest", async () => {
    serve = (_, response) => {
      response.writeHead(200, { "Content-Length": MAX_WHOLE + 1 });
      response.write(FILE);
    };
    const reader = await open();
    expect(reader.size).toBe(MAX_WHOLE + 1);
    expect(await bytesOf(reader, 200_000, 200_010)).toEqual(FILE.slice(200_000, 200_010));
    expect(asked).toHaveLength(2);
  });

  it("notices that the file has been replaced", async () => {
    const reader = await open();
    await reader.check(never);
    expect(reader.changed.value).toBe(false);
    serve = ranges(FILE, "Sun, 22 Nov 2026 10:00:01 GMT");
    await reader.check(never);
    expect(reader.changed.value).toBe(true);
  });

  it("gives no bytes of another file", async () => {
    const reader = await open();
    serve = ranges(FILE.subarray(0, 390_000));
    await expect(reader.read(300_000, 300_010, never)).rejects.toThrow("has changed since it was opened. Reload it.");
    expect(reader.changed.value).toBe(true);
    // Bytes that were read before still belong to the file that was opened.
    expect(await bytesOf(reader, 0, 10)).toEqual(FILE.slice(0, 10));
  });

  it.each([
    [404, /is not there any more/],
    [403, /does not let you read x\.attn\.safetensors/],
    [401, /does not let you read/],
    [500, /HTTP status 500/],
    [416, /HTTP status 416/],
  ])("says what an answer of status %i means", async (status, words) => {
    serve = (_, response) => response.writeHead(status).end("<html>");
    await expect(open()).rejects.toThrow(words);
  });

  it("does not mistake a login page for the file", async () => {
    serve = (request, response) => {
      if (request.url === "/login") response.writeHead(200, { "Content-Type": "text/html" }).end("<html>");
      else response.writeHead(302, { Location: "/login" }).end();
    };
    await expect(open()).rejects.toThrow("asks for a login");
  });

  it.each([
    ["another range", "bytes 1-131072/400000"],
    ["a shorter one", "bytes 0-99/400000"],
    ["an unknown length", "bytes 0-131071/*"],
    ["no range", ""],
  ])("refuses an answer with %s", async (_, told) => {
    serve = (_request, response) => response.writeHead(206, { "Content-Range": told }).end(FILE.subarray(0, 131_072));
    await expect(open()).rejects.toThrow(/was asked for bytes 0 to 131072 .* and sent 131072 bytes/);
  });

  it("refuses an answer that is shorter than it says", async () => {
    serve = (_, response) =>
      response.writeHead(206, { "Content-Range": "bytes 0-131071/400000" }).end(FILE.subarray(9));
    await expect(open()).rejects.toThrow("Try again");
  });

  it("says so when the server is out of reach, or disconnects halfway", async () => {
    serve = (_, response) => {
      response.writeHead(200, { "Content-Length": FILE.length });
      response.write(FILE.subarray(0, 10), () => response.destroy());
    };
    await expect(open()).rejects.toThrow("can't be reached");
    serve = (_, response) => response.destroy();
    await expect(open()).rejects.toThrow("can't be reached");
  });

  it("rejects with the reason of its signal", async () => {
    const reader = await open();
    const gone = new AbortController();
    serve = () => gone.abort(new Error("moved on"));
    await expect(reader.read(300_000, 300_010, gone.signal)).rejects.toThrow("moved on");
    await expect(reader.read(0, 10, gone.signal)).rejects.toThrow("moved on");
  });
});
