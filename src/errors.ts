/** What went wrong, for programs. `message` is a sentence for people: what was expected, what came, and where. */
export type ErrorCode =
  | 'FILE_NOT_FOUND' // a path or URL that cannot be read
  | 'INVALID_FILE' // bytes that are not the format they should be
  | 'TRUNCATED_FILE' // the format is right, but the file ends too early
  | 'INVALID_MODEL' // a graph that breaks ONNX's rules: attributes, shapes, names
  | 'UNSUPPORTED' // valid ONNX that Lanewise does not run
  | 'INVALID_INPUT' // a wrong name, type, shape or value given to a call
  | 'OPERATOR_FAILED' // a custom operator threw, or returned something invalid
  | 'TOO_LARGE' // more memory than the limit or than WebAssembly has
  | 'NO_SIMD' // an engine without WebAssembly or its SIMD
  | 'WASM_BLOCKED' // an engine that refuses to compile WebAssembly, because of a page's policy
  | 'DISPOSED' // a model used after dispose()
  | 'ABORTED' // the caller's AbortSignal fired
  | 'NOT_FINITE' // training came to NaN or infinity
  | 'WORKER_FAILED' // a thread of the runtime died
  | 'MISSING_DEPENDENCY'; // an optional package that is not installed

/**
 * Text of files and callers, with escapes for characters that a terminal would act on: control characters, and those that
 * change the direction of writing.
 */
export const visible = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Names in messages come from files and callers and may have any length: the middle of long ones is cut. */
const clipped = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most / 2)}...${text.slice(-most / 2)}` : text;

/**
 * The frames of a stack that tell a caller nothing: of the engine, and of this package's own files. Where a bundle holds it,
 * they are the caller's. V8 and Bun write `    at f (file)`, others `f@file`.
 */
const inner = /^( {4}at.*|\S*@\S*)([\\/]lanewise(.\d[^\\/]*)?[\\/]dist[\\/]|[ (]node:|[([](native|<an)).*\n?/gm;

const FRAME = '\n    at ';
/** The rest of a stack: what is before its frames, and each of them. Bun overlooks those that are a path alone. */
const framesOf = (stack: unknown): string[] =>
  `${stack}`
    .replace(inner, '')
    .trimEnd()
    .split(FRAME)
    .map((frame) => frame.replace(/^(\/|\w:).*/, '<anonymous> ($&)'));

/**
 * Every error that Lanewise throws on purpose.
 * @example
 * import { LanewiseError, load } from 'lanewise';
 *
 * try {
 *   await load('missing.onnx');
 * } catch (error) {
 *   if (!(error instanceof LanewiseError)) throw error;
 *   console.error(error.code, error.message); // FILE_NOT_FOUND missing.onnx could not be read: ...
 * }
 */
export class LanewiseError extends Error {
  /** Always 'LanewiseError'. */
  override readonly name = 'LanewiseError';
  /** What went wrong, for programs. */
  readonly code: ErrorCode;

  /** @param message a list is joined to lines */
  constructor(code: ErrorCode, message: string | readonly string[], options?: ErrorOptions) {
    const line = (text: string) =>
      // Names in the rest are shortened, so that the sentence around them stays.
      visible(clipped(text, 4000)).replace(/(?<!\w)'[^']{200,}'|\S{200,}/g, (name) => clipped(name, 120));
    // V8 keeps no more frames. Not an assignment, because programs may freeze Error.
    const limit = Error.stackTraceLimit;
    const keep = (count: number) => limit && Reflect.set(Error, 'stackTraceLimit', count);
    keep(99);
    super([message].flat().map(line).join('\n'));
    keep(limit);
    this.code = code;
    const frames = framesOf(this.stack ?? this).slice(0, limit + 1 || undefined);
    this.stack = frames.join(FRAME);
    const cause = options?.cause;
    if (cause === undefined) return;
    // Consoles print a cause with all its frames and properties, but of a getter no more than that it is one: the stack has a
    // line about the cause.
    Object.defineProperty(this, 'cause', { get: () => cause });
    try {
      const [, first = frames[0] as string] = framesOf((cause as Error).stack);
      this.stack += `\n    caused by ${line(`${cause}`)}${frames.includes(first) ? '' : ` at ${first}`}`;
    } catch {
      // Anything may be thrown; this has no text.
    }
  }
}
