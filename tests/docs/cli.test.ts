// docs/cli.md: every command and option, as the parser's tables have them, and examples that print what it says.

import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, type CommandName, commands } from '../../src/cli/commands.ts';
import { defaultOf, titleOf } from '../../src/cli/help.ts';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { cifar10 } from '../../src/vision/index.ts';
import { lanewise } from '../cli/lanewise.ts';

const page = readFileSync('docs/cli.md', 'utf8');
const all = Object.entries(commands) as [CommandName, Command][];

/** What stands under the heading of a command. */
const sectionOf = (name: string): string => page.match(new RegExp(`^## ${name}\\n[\\s\\S]*?(?=^## |$(?![\\s\\S]))`, 'm'))?.[0] ?? '';

/** The rows of the tables in a text, as lists of cells. */
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\|(.*)\|$/gm)].map(([, row]) => (row as string).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')));

test('the first table has every command', () => {
  const rows = rowsOf(page.slice(0, page.indexOf('## ')));
  expect(rows.slice(2)).toEqual(all.map(([name, { does }]) => [`[\`${name}\`](#${name})`, does]));
});

test.each(all)('the section of %s has its usage and its options', (name, { takes, options }) => {
  const section = sectionOf(name);
  expect(section).toContain(`\`\`\`\nlanewise ${name} ${takes} [options]\n\`\`\``);
  const rows = rowsOf(section).filter(([title]) => title?.startsWith('`--'));
  expect(rows).toEqual(
    Object.entries(options).map(([option, given]) => {
      const taken = defaultOf(given);
      return [`\`${titleOf(option, given)}\``, taken === undefined ? '' : `\`${taken}\``, given.text];
    }),
  );
});

/** The picture as it was before its preparation, from 0 to 1, with each pixel four times. */
function upscale() {
  const { mean, std } = cifar10;
  const g = new GraphBuilder('upscale');
  const constant = (name: string, values: readonly number[], dims = [values.length]) =>
    g.constant({ name, type: 'float32', dims, read: () => Float32Array.from(values) });
  const scaled = g.node('Mul', [g.input('x', [1, 3, 32, 32]), constant('std', std, [3, 1, 1])]);
  const picture = g.node('Add', [scaled, constant('mean', mean, [3, 1, 1])]);
  g.output('y', g.node('Resize', [picture, '', constant('scales', [1, 1, 2, 2])], { attributes: { mode: 'nearest' } }));
  return g.build();
}

describe('examples', () => {
  let folder: string;
  const before = process.cwd();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-page-'));
    const model = 'models/cifar10-resnet20';
    for (const name of ['model.onnx', 'config.json', 'preprocessor_config.json']) copyFileSync(`${model}/${name}`, join(folder, name));
    copyFileSync('models/cat.png', join(folder, 'cat.png'));
    process.chdir(folder);
    cpSync(join(before, model, 'test_data_set_0'), 'test_data_set_0', { recursive: true });
    writeFileSync('upscale.onnx', writeOnnx(upscale()));
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  const examples = [...page.matchAll(/```console\n([\s\S]*?)```/g)].flatMap(([, block]) =>
    (block as string)
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command, ...lines] = text.split('\n');
        return [command as string, lines.join('\n').replace(/\n$/, '')] as const;
      }),
  );

  /** Without what differs from run to run. */
  const steady = (text: string): string => text.replace(/\d+(\.\d+)? ms/g, '# ms').replace(/\d+\.\d (?=pictures a second)/g, '# ');

  test('there are some of every command', () => {
    expect([...new Set(examples.map(([command]) => command.split(' ')[1]))].sort()).toEqual([...Object.keys(commands), 'sumary'].sort());
  });

  // In the page's order, because some read what others wrote.
  test.each(examples)('%s', async (command, expected) => {
    const [, ...args] = command.split(' ');
    const { out, err } = await lanewise(...args);
    const [head, tail] = steady(expected).split('\n...\n');
    const got = steady([out, err].filter(Boolean).join('\n'));
    if (tail === undefined) expect(got).toBe(head);
    else {
      expect(got.slice(0, head?.length)).toBe(head);
      expect(got.slice(-tail.length)).toBe(tail);
    }
  });
});
