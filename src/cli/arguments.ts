import { type ParseArgsConfig, parseArgs } from 'node:util';
import { MOST_THREADS } from '../runtime/options.ts';

/** A command line that makes no sense: the error is shown with the usage, exit code 2. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** The words and options of a command. @throws UsageError */
export function parse<O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A whole number from `least` to `most`. */
export function wholeNumber(name: string, text: string, least: number, most = Number.POSITIVE_INFINITY): number {
  const value = Number(text);
  const range = most < Number.POSITIVE_INFINITY ? `to ${most}` : 'on';
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new UsageError(`--${name} takes a whole number from ${least} ${range}, got '${text}'`);
  }
  return value;
}

/** A number from 0 on. */
export function tolerance(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new UsageError(`--${name} takes a number from 0 on, got '${text}'`);
  return value;
}

/** `input=1,3,224,224` to a shape by name. */
export function inputShapes(texts: readonly string[]): Record<string, number[]> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.lastIndexOf('=');
      const dims = text
        .slice(at + 1)
        .split(',')
        .map(Number);
      if (at < 1 || !dims.every((dim) => Number.isSafeInteger(dim) && dim > 0)) {
        throw new UsageError(`--shape takes NAME=1,3,224,224, got '${text}'`);
      }
      return [text.slice(0, at), dims];
    }),
  );
}

export const isSafetensors = (path: string): boolean => /\.safetensors$/i.test(path);

export const isOnnx = (path: string): boolean => /\.onnx$/i.test(path);

/** @throws UsageError for an output file whose extension is no known format */
export function checkWritten(command: string, path: string): void {
  if (!isSafetensors(path) && !isOnnx(path)) throw new UsageError(`${command} writes .onnx and .safetensors, not '${path}'`);
}

/** Options that every command which runs a model takes. */
export const modelOptions = {
  threads: { type: 'string', default: '1' },
  relaxed: { type: 'boolean', default: false },
  'no-winograd': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const satisfies Options;

/** The options of `load` that these options give. */
export const runOptions = (values: { readonly threads: string; readonly relaxed: boolean; readonly 'no-winograd': boolean }) => ({
  threads: threadCount(values.threads),
  relaxed: values.relaxed,
  winograd: !values['no-winograd'],
});

function threadCount(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_THREADS) return count;
  throw new UsageError(`--threads takes a whole number from 1 to ${MOST_THREADS}, or auto; got '${text}'`);
}

/** How many threads ran a model, in words. */
export const threadsText = (threads: number): string => (threads === 1 ? 'one thread' : `${threads} threads`);
