// The example of training, run by its README's last command.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('it learns digits, and its file says what its README says', () => {
  const example = join(root, 'examples/train');
  const [, says = ''] = /node index\.js +# the last line: (.*)\n/.exec(readFileSync(join(example, 'README.md'), 'utf8')) ?? [];
  // In the package's own folder, where its name leads to its exports.
  const folder = join(root, 'build/train-example');
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(example, 'index.js'), join(folder, 'index.js'));
  const printed = execFileSync(process.execPath, ['index.js'], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  const lines = printed.trim().split('\n');
  expect(lines.length).toBe(7);
  const accuracies = lines.slice(0, 6).map((line) => Number(/^\d [\d.]+ ([\d.]+) %$/.exec(line)?.[1]));
  expect(accuracies[0]).toBeLessThan(60);
  expect(accuracies[5]).toBeGreaterThan(95);
  expect(lines[6]).toBe(says);
}, 90_000);
