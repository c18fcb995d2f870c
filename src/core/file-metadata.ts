import type { Safetensors } from "./safetensors";

/** The version of the format that this code reads, as `docs/file-format.md` describes it. */
export const FILE_VERSION = 1;

/** The JSON of a capture, once its file is known to be one of this format. Throws a sentence for people. */
export function captureJson({ metadata }: Safetensors): unknown {
  if (metadata.get("format") !== "headscope") {
    throw new Error(
      "This safetensors file holds no attention, but a model's weights or other tensors. " +
        "Open one that capture.save() wrote.",
    );
  }
  const version = Number(metadata.get("version"));
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new Error("This file does not say which version of the format it has. Save it again with capture.save().");
  }
  if (version > FILE_VERSION) {
    throw new Error(
      `This file has version ${version} of the format, and this Headscope reads version ${FILE_VERSION}: ` +
        "update Headscope to open it (pip install --upgrade headscope), then reload this page.",
    );
  }
  try {
    return JSON.parse(metadata.get("capture") ?? "");
  } catch {
    throw new Error("This file is damaged: what it says of its capture is no JSON. Save it again with capture.save().");
  }
}
