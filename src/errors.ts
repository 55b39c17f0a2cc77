/**
 * What went wrong, for programs. The sentence in `message` is for people: it says what was expected, what came, and where.
 */
export type ErrorCode =
  | 'FILE_NOT_FOUND' // a path or URL that cannot be read
  | 'INVALID_FILE' // bytes that are not the format they should be
  | 'TRUNCATED_FILE' // the format is right, but the file ends too early
  | 'INVALID_MODEL' // a graph that breaks ONNX's rules: attributes, shapes, names
  | 'UNSUPPORTED' // valid ONNX that Lanewise does not run
  | 'INVALID_INPUT' // a wrong name, type, shape or value given to a call
  | 'OPERATOR_FAILED' // what a custom operator threw, or gave that it may not
  | 'TOO_LARGE' // more memory than the limit or than WebAssembly has
  | 'NO_SIMD' // an engine without WebAssembly or its SIMD
  | 'WASM_BLOCKED' // an engine that refuses to compile WebAssembly, by a page's policy
  | 'DISPOSED' // a model used after dispose()
  | 'ABORTED' // the caller's AbortSignal fired
  | 'WORKER_FAILED' // a thread of the runtime died
  | 'MISSING_DEPENDENCY'; // an optional package that is not installed

/** Every error that Lanewise throws on purpose. */
export class LanewiseError extends Error {
  override readonly name = 'LanewiseError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
