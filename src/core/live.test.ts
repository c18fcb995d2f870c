import { describe, expect, it, vi } from "vitest";
import {
  announceCapture,
  followLive,
  followSettings,
  type LiveCapture,
  liveCaptures,
  readerSettings,
  setReaderSettings,
  USUAL_SETTINGS,
} from "./live";

const capture = { name: () => "Cat" } as LiveCapture;

describe("the registry of the page", () => {
  it("is one for all copies of the code", async () => {
    vi.resetModules();
    const other = await import("./live");
    expect(other.liveCaptures).not.toBe(liveCaptures);
    const ended = new AbortController();
    announceCapture(capture, ended.signal);
    expect(other.liveCaptures()).toEqual([capture]);
    other.setReaderSettings({ scale: "log" });
    expect(readerSettings()).toEqual({ ...USUAL_SETTINGS, scale: "log" });
    other.setReaderSettings({});
    ended.abort();
    expect(other.liveCaptures()).toEqual([]);
  });

  it("tells of what comes and goes, until it is followed no more", () => {
    const [ended, followed] = [new AbortController(), new AbortController()];
    let told = 0;
    followLive(() => told++, followed.signal);
    announceCapture(capture, ended.signal);
    ended.abort();
    expect(told).toBe(2);
    followed.abort();
    const later = new AbortController();
    announceCapture(capture, later.signal);
    later.abort();
    expect(told).toBe(2);
  });

  it("does not list what has ended before it was announced", () => {
    const before = liveCaptures().length;
    announceCapture({ ...capture }, AbortSignal.abort());
    expect(liveCaptures().length).toBe(before);
  });

  it("tells of settings at once and later", () => {
    const followed = new AbortController();
    const seen: (number | null)[] = [];
    followSettings(({ threshold }) => seen.push(threshold), followed.signal);
    setReaderSettings({ threshold: 0.1 });
    followed.abort();
    setReaderSettings({});
    expect(seen).toEqual([null, 0.1]);
  });
});
