import { type Command, type CommandName, commands } from './commands.ts';

/** The options that every command takes. */
export const common = {
  help: 'what a command does, its options and examples',
  debug: 'with an error also its stack',
} as const;

/** As many columns as the terminal has, 100 at most; pipes get 100. */
const columns = (): number => Math.max(30, Math.min(process.stdout.columns || 100, 100));

/** Lines of at most `width`, each after `indent` spaces. */
export function wrapped(text: string, indent: number, width = columns()): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += (line === '' ? '' : ' ') + word;
  }
  return [...lines, line].map((text) => ' '.repeat(indent) + text).join('\n');
}

/** Titles with texts beside them, or below where the terminal is narrow. */
function list(rows: readonly (readonly [string, string])[]): string {
  const width = columns();
  const title = Math.max(...rows.map(([title]) => title.length));
  if (width - title < 44) return rows.map(([title, text]) => `  ${title}\n${wrapped(text, 6, width)}`).join('\n');
  const at = title + 4;
  return rows.map(([title, text]) => `  ${title.padEnd(at - 2)}${wrapped(text, at, width).slice(at)}`).join('\n');
}

/** What a command line may be: all commands. */
export const usage = (): string =>
  [
    'lanewise: convolutional networks in WebAssembly SIMD',
    'Commands:',
    list(Object.entries(commands).map(([name, { takes, does }]) => [`lanewise ${name} ${takes}`, does])),
    'Options of each command, with examples: lanewise help COMMAND. The version: lanewise --version',
    'An example:\n  lanewise export squeezenet1_1 random.onnx\n  lanewise summary random.onnx',
  ].join('\n\n');

/** An option as help writes it. */
export const titleOf = (name: string, { value }: { readonly value?: string }): string => `--${name}${value ? ` ${value}` : ''}`;

/** What is taken where the option is not given; undefined if there is no such thing. */
export const defaultOf = (option: Command['options'][string]): string | undefined =>
  typeof option.default === 'string' ? option.default : undefined;

export function helpOf(name: CommandName): string {
  const { takes, does, about, options, examples }: Command = commands[name];
  const rows = Object.entries(options).map(([name, option]): [string, string] => {
    const taken = defaultOf(option);
    return [titleOf(name, option), option.text + (taken === undefined ? '' : ` (default ${taken})`)];
  });
  return [
    `lanewise ${name} ${takes} [options]`,
    wrapped(does, 2),
    wrapped(about, 2),
    'Options:',
    list([...rows, ...Object.entries(common).map(([name, text]): [string, string] => [`--${name}`, text])]),
    `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}`,
  ].join('\n\n');
}
