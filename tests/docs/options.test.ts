// docs/options.md's tensors are what its sentences say, and its tables of training have every option of the sources.

import { readFileSync } from 'node:fs';
import { Tensor } from '../../src/index.ts';
import { at } from '../browser/setup.ts';
import { blocksOf } from './markdown.ts';

test('the mask to fill is a picture, no list of its dimensions', () => {
  const made = blocksOf(readFileSync(at('docs/options.md'), 'utf8'))
    .flatMap(({ text }) => [...text.matchAll(/= (new Tensor\(.*\));$/gm)])
    .map(([, code]) => new Function('Tensor', `return ${code}`)(Tensor));
  expect(made.map(({ dims }) => dims)).toEqual([[1, 1, 256, 256]]);
});

/** The options of an interface by name, each with the default that its docstring states. */
function optionsOf(file: string, name: string): Map<string, string | undefined> {
  const source = readFileSync(at(`src/training/${file}.ts`), 'utf8');
  const [, body = ''] = new RegExp(`interface ${name}\\b[^{]*\\{\n(.*?)^\\}`, 'ms').exec(source) ?? [];
  const entries = [...body.matchAll(/\/\*\*(.*?)\*\/\s+readonly (\w+)\??:/gs)];
  return new Map(entries.map(([, doc = '', option = '']) => [option, /Default '?([\w.-]+?)'?[.:]?\s/.exec(doc)?.[1]]));
}

const tables = readFileSync(at('docs/options.md'), 'utf8').replaceAll('\r\n', '\n').split('## Of training')[1] ?? '';
/** The rows of a table: option and default, without the marks of code. @param first the cell before, for functions that share one */
const rowsOf = (text: string): [string, string][] =>
  [...text.matchAll(/^\|(.*)\|$/gm)]
    .map(([, row = '']) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => (cells.length === 4 && /^'?[\w.]*/.test(cells[2] ?? '') ? [cells[0] as string, cells[2] as string] : ['', '']));

test.each([
  ['trainer', 'TrainerOptions', '`trainer('],
  ['fit', 'FitOptions', '`fit('],
  ['batches', 'InBatchesOptions', '`inBatches('],
])('%s: the table has the options of %s', (file, name, heading) => {
  const text = tables.split(`### ${heading}`)[1]?.split('###')[0] ?? '';
  const rows = new Map(rowsOf(text).filter(([option]) => /^[a-z]+([A-Z][a-z]+)*$/.test(option) && option !== 'option'));
  const options = optionsOf(file, name);
  expect(options.size).toBeGreaterThan(3);
  expect([...rows.keys()]).toEqual([...options.keys()]);
  for (const [option, value] of options) {
    if (value !== undefined && /^(\d|true|false|keep)/.test(value))
      expect([option, rows.get(option)?.replaceAll("'", '')]).toEqual([option, value]);
  }
});

test('losses, optimisers and schedules', () => {
  const text = tables.split('### Losses')[1] ?? '';
  const rows = [...text.matchAll(/^\| +(?:`(\w+)`.*?)? +\| `(\w+)` +\| (\S+) +\|/gm)];
  const found = new Map<string, [string, string][]>();
  let owner = '';
  for (const [, name, option = '', value = ''] of rows) {
    owner = name ?? owner;
    found.set(owner, [...(found.get(owner) ?? []), [option, value.replaceAll('`', '')]]);
  }
  const expected = {
    crossEntropy: [['losses', 'CrossEntropyOptions']],
    binaryCrossEntropy: [['losses', 'BinaryCrossEntropyOptions']],
    smoothL1: [['losses', 'SmoothL1Options']],
    sgd: [
      ['optimizers', 'SgdOptions'],
      ['optimizers', 'DecayOptions'],
    ],
    adamw: [
      ['optimizers', 'AdamwOptions'],
      ['optimizers', 'DecayOptions'],
    ],
    constant: [['schedules', 'WarmupOptions']],
    cosine: [['schedules', 'CosineOptions']],
    steps: [['schedules', 'StepsOptions']],
  };
  expect([...found.keys()]).toEqual(Object.keys(expected));
  for (const [name, interfaces] of Object.entries(expected)) {
    const options = new Map(interfaces.flatMap(([file = '', type = '']) => [...optionsOf(file, type)]));
    expect([name, found.get(name)?.map(([option]) => option)]).toEqual([name, [...options.keys()]]);
    for (const [option, value] of found.get(name) ?? []) {
      const stated = options.get(option);
      if (stated !== undefined && /^(\d|true|false)/.test(stated)) expect([name, option, value]).toEqual([name, option, stated]);
    }
  }
});
