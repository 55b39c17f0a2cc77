import { existsSync, readFileSync } from 'node:fs';
import { visible } from '../errors.ts';
import { commands, isCommand } from './commands.ts';
import { helpOf, usage } from './help.ts';
import { didYouMean } from './nearest.ts';
import { UsageError } from './usage.ts';

/**
 * Runs a command line.
 * @param args the words after `lanewise`
 * @returns the exit code: 0; 1 for an error, and if cases of `verify` failed; 2 for a command line that makes no sense
 */
export async function main(args: readonly string[]): Promise<number> {
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  const debug = flags.includes('--debug');
  const [name = 'help', ...rest] = args.filter((word, i) => word !== '--debug' || (end >= 0 && i > end));
  try {
    if (name === '--version' || name === '-V') {
      console.log(version());
      return 0;
    }
    const asked = flags.includes('--help') || flags.includes('-h');
    if (name === 'help' || name === '--help' || name === '-h') {
      const [topic] = rest.filter((word) => !word.startsWith('-'));
      console.log(topic === undefined ? usage() : helpOf(known(topic)));
      return 0;
    }
    const command = known(name);
    if (asked) {
      console.log(helpOf(command));
      return 0;
    }
    const { start } = await import('./start.ts');
    return await start[command](rest);
  } catch (error) {
    console.error(sentence(error, name));
    if (debug) console.error(error);
    return (error as Error)?.name === 'UsageError' ? 2 : 1;
  }
}

/** @throws UsageError for anything but a command's name */
function known(name: string) {
  if (isCommand(name)) return name;
  const names = Object.keys(commands);
  throw new UsageError(
    name.startsWith('-')
      ? `a command comes first, got '${name}': ${names.join(', ')}`
      : `there is no command '${name}'${didYouMean(name, names) || `; there are ${names.join(', ')}`}`,
  );
}

/** An error as people read it. By its name, because the package holds the classes of errors in two files. */
function sentence(error: unknown, command: string): string {
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  if (name === 'LanewiseError') return `lanewise: ${message} [${code}]`;
  if (name !== 'UsageError') {
    const [first] = String(error).split('\n');
    return `lanewise: internal error, a fault of Lanewise: ${visible(first ?? '')}; --debug shows where`;
  }
  const more = message?.endsWith('?') || !isCommand(command) ? '' : `; see lanewise help ${command}`;
  return `lanewise: ${visible(message ?? '')}${more}`;
}

/** That of package.json, which lies one folder above the package's file and two above this one. */
function version(): string {
  const [path] = ['../package.json', '../../package.json'].map((path) => new URL(path, import.meta.url)).filter((path) => existsSync(path));
  return JSON.parse(readFileSync(path as URL, 'utf8')).version;
}
