import { jest } from '@jest/globals';
import { main } from '../../src/cli/index.ts';

/** Runs a command line; gives its exit code and what it printed. */
export async function lanewise(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const log = jest.spyOn(console, 'log').mockImplementation((line) => void lines.out.push(String(line)));
  const error = jest.spyOn(console, 'error').mockImplementation((line) => void lines.err.push(String(line)));
  try {
    return { code: await main(args), out: lines.out.join('\n'), err: lines.err.join('\n') };
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
}
