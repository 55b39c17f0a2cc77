import { type ParseArgsConfig, parseArgs } from 'node:util';
import { MOST_THREADS } from '../runtime/options.ts';
import { type Command, type CommandName, commands } from './commands.ts';
import { didYouMean } from './nearest.ts';
import { UsageError } from './usage.ts';

export { UsageError };

type ValueOf<O> = O extends { multiple: true }
  ? readonly string[]
  : O extends { type: 'boolean' }
    ? boolean
    : O extends { default: string }
      ? string
      : string | undefined;

interface Parsed<N extends CommandName> {
  readonly values: { readonly [K in keyof (typeof commands)[N]['options']]: ValueOf<(typeof commands)[N]['options'][K]> };
  readonly positionals: readonly string[];
}

/**
 * The words and options of a command.
 * @throws UsageError
 */
export function parse<N extends CommandName>(args: readonly string[], command: N): Parsed<N> {
  const options: Command['options'] = commands[command].options;
  // How help writes the options does not concern Node's parser.
  const config = { args: [...args], options: options as NonNullable<ParseArgsConfig['options']>, allowPositionals: true };
  // Checked here, because Node's messages advise what is no help, and do not know the command.
  const { tokens } = parseArgs({ ...config, strict: false, tokens: true });
  const known = new Map(Object.entries(options));
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, name, value, inlineValue } = token;
    const option = rawName.startsWith('--') ? known.get(name) : undefined;
    if (!option) {
      const names = [...known.keys()];
      const listed = names.map((name) => `--${name}`).join(', ');
      throw new UsageError(
        `${command} has no option '${rawName}'${didYouMean(name, names, (name) => `--${name}`) || `; it has ${listed}`}`,
      );
    }
    if (option.type === 'boolean' && inlineValue) throw new UsageError(`${rawName} takes no value, got '${value}'`);
    if (option.type === 'string' && (value === undefined || (value.startsWith('-') && value.length > 1 && !inlineValue)))
      throw new UsageError(`${rawName} takes a value${value === undefined ? '' : `: if '${value}' is meant, write ${rawName}=${value}`}`);
  }
  return parseArgs(config) as unknown as Parsed<N>;
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
