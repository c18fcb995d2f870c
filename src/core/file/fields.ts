import type { Tensor, TensorDtype } from "./safetensors";

export const FLOATS: readonly TensorDtype[] = ["F32", "F16", "BF16"];

/** The fields of a JSON object, each checked as it is read. All error messages are for users. */
export class Fields {
  readonly #value: object;

  /** `where` names the object in error messages. */
  constructor(
    value: unknown,
    readonly where: string,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged(`${where} is no object`);
    this.#value = value;
  }

  fail(problem: string): never {
    throw damaged(`${this.where}: ${problem}`);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#value, name);
  }

  /** Reads own properties only: an inherited property is no field of the file. */
  value(name: string): unknown {
    const found = Object.getOwnPropertyDescriptor(this.#value, name);
    return found ? found.value : this.fail(`there is no ${name}`);
  }

  text(name: string): string {
    const value = this.value(name);
    return typeof value === "string" ? value : this.#wrong(name, "a text");
  }

  flag(name: string): boolean {
    const value = this.value(name);
    return typeof value === "boolean" ? value : this.#wrong(name, "true or false");
  }

  number(name: string): number {
    const value = this.value(name);
    return typeof value === "number" && Number.isFinite(value) ? value : this.#wrong(name, "a number");
  }

  /** An integer from `least` to `most`. */
  count(name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.value(name);
    return isCount(value, least, most) ? value : this.#wrong(name, range(least, most));
  }

  /** Integers from `least` to `most`. */
  counts(name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number[] {
    const values = this.list(name);
    const wrong = values.find((value) => !isCount(value, least, most));
    return wrong === undefined
      ? (values as number[])
      : this.fail(`${name} holds ${show(wrong)}, not ${range(least, most)}`);
  }

  texts(name: string): string[] {
    const values = this.list(name);
    return values.every((value) => typeof value === "string") ? values : this.#wrong(name, "a list of texts");
  }

  list(name: string): unknown[] {
    const value = this.value(name);
    return Array.isArray(value) ? value : this.#wrong(name, "a list");
  }

  /** Null if the field is null, otherwise the result of `read`. */
  optional<T>(name: string, read: () => T): T | null {
    return this.value(name) === null ? null : read();
  }

  /** The tensor that a field names. A size of null matches any size. */
  tensor(
    name: string,
    tensors: ReadonlyMap<string, Tensor>,
    dtypes: readonly TensorDtype[],
    shape: readonly (number | null)[],
  ): Tensor {
    return this.tensorOf(name, this.value(name), tensors, dtypes, shape);
  }

  tensorOf(
    name: string,
    value: unknown,
    tensors: ReadonlyMap<string, Tensor>,
    dtypes: readonly TensorDtype[],
    shape: readonly (number | null)[],
  ): Tensor {
    if (typeof value !== "string") return this.#wrong(name, "the name of a tensor");
    const tensor = tensors.get(value);
    if (!tensor) return this.fail(`${name} names the tensor ${show(value)}, which is not in the file`);
    if (!dtypes.includes(tensor.dtype)) {
      return this.fail(`${name} is a tensor of ${tensor.dtype}, not of ${dtypes.join(" or ")}`);
    }
    const fits =
      tensor.shape.length === shape.length &&
      shape.every((size, axis) => size === (tensor.shape[axis] ?? 0) || size === null);
    if (!fits) this.fail(`${name} has the shape ${show(tensor.shape)}, not ${shapeText(shape)}`);
    return tensor;
  }

  #wrong(name: string, right: string): never {
    return this.fail(`${name} is ${show(Object.getOwnPropertyDescriptor(this.#value, name)?.value)}, not ${right}`);
  }
}

export function damaged(problem: string): Error {
  return new Error(`This file is damaged. ${problem}. Copy the file again, or save it again with capture.save().`);
}

/** A value from a hostile file, shortened to fit into a sentence. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isCount(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function range(least: number, most: number): string {
  return most === Number.MAX_SAFE_INTEGER
    ? `a whole number of at least ${least}`
    : `a whole number from ${least} to ${most}`;
}

function shapeText(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? "any").join(",")}]`;
}
