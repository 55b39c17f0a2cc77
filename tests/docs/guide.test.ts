// docs/cnn-from-scratch.md is what its own code computes; `npm run guide` writes it. See scripts/guide/guide.ts.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Guide, type Piece, parseGuide, runGuide } from '../../scripts/guide/guide.ts';
import { decodePicture } from '../../src/vision/decode.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = `${root}docs/pictures`;
const text = readFileSync(`${root}docs/cnn-from-scratch.md`, 'utf8').replaceAll('\r\n', '\n');
const pieces = parseGuide(text);
const computed = (piece: Piece): boolean => piece.kind !== 'text' && piece.kind !== 'code' && piece.kind !== 'picture';

/** Every digit another one. */
const spoiled = (figures: string): string => figures.replace(/\d/g, (digit) => String((Number(digit) + 1) % 10));

let guide: Guide;
beforeAll(async () => {
  // Of a page on which every figure is wrong: what comes out hangs on none of them.
  guide = await runGuide(pieces.map((piece) => (computed(piece) ? spoiled(piece.text) : piece.text)).join(''));
}, 60_000);

test('the pieces of the page are the page', () => {
  expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  const count = (kind: Piece['kind']) => pieces.filter((piece) => piece.kind === kind && piece.text !== '').length;
  expect(count('output')).toBeGreaterThan(20);
  expect(count('figure')).toBeGreaterThan(40);
  expect(count('table')).toBeGreaterThan(3);
});

test('what is printed, every figure and every table are as computed', () => expect(guide.markdown).toBe(text));

test('a figure that is edited by hand is still read as one, and differs', () => {
  const missed: string[] = [];
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    if (computed(piece) && spoiled(piece.text) !== piece.text) {
      const edited = text.slice(0, at) + spoiled(piece.text) + text.slice(at + piece.text.length);
      const read = parseGuide(edited)[i];
      if (edited === guide.markdown || read?.kind !== piece.kind || read.text !== spoiled(piece.text)) missed.push(`line ${piece.line}`);
    }
    at += piece.text.length;
  }
  expect(missed).toEqual([]);
});

/** Numbers that nothing computes: years, sizes of filters, names, the largest byte, the 1 of the formula. */
const given = [
  /\b(?:19|20)\d\d\b/g,
  /\b(?:1×1|2×2|3×3|5×5|7×7|9×9|11×11)\b/g,
  /\b(?:(?:ResNet|VGG|DenseNet|CIFAR)-\d+|MobileNetV2|CC0)\b/g,
  /\b255\b/g,
  /(?<=\/ stride\)) \+ 1\b/g,
];

test('no number in the prose is written by hand, but for names, years and the sizes of filters', () => {
  const left = pieces
    .filter(({ kind }) => kind === 'text' || kind === 'picture')
    .map((piece) => piece.text.replace(/<!--[\s\S]*?-->/g, '').replace(/\]\([^)]*\)/g, ']'))
    // Code in a sentence is a call or a name.
    .map((prose) => prose.replace(/`[^`\n]*`/g, ''))
    .map((prose) => given.reduce((rest, pattern) => rest.replace(pattern, ''), prose))
    .flatMap((prose) => prose.match(/.{0,20}\d.{0,20}/g) ?? []);
  expect(left).toEqual([]);
});

test('code in sentences holds no figures', () => {
  const inline = pieces.filter(({ kind }) => kind === 'text').flatMap((piece) => piece.text.match(/`[^`\n]+`/g) ?? []);
  expect(inline.length).toBeGreaterThan(5);
  expect(inline.filter((code) => /\d/.test(code) && !/^`(?:conv\d|fc\d|conv2d|conv2d\(1, 3\)|cifar10|groups: 2)`$/.test(code))).toEqual([]);
});

describe('pictures', () => {
  const drawn = () => [...guide.drawings];

  test('are all there, no others, and small', () => {
    const files = readdirSync(folder).sort();
    expect(files).toEqual(
      drawn()
        .map(([name]) => name)
        .sort(),
    );
    expect(files.reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0)).toBeLessThan(600_000);
  });

  test('are what the page draws', async () => {
    for (const [name, drawing] of drawn()) {
      const file = readFileSync(`${folder}/${name}`);
      if (typeof drawing === 'string') {
        expect({ name, svg: file.toString('utf8').replaceAll('\r\n', '\n') }).toEqual({ name, svg: drawing });
        continue;
      }
      // Pixels, for zlib may pack them in another way.
      const { width, height, data } = await decodePicture(file, name);
      expect({ name, width, height }).toEqual({ name, width: drawing.width, height: drawing.height });
      const same = Buffer.from(data).equals(Buffer.from(drawing.data));
      expect({ name, same }).toEqual({ name, same: true });
    }
  });

  test('none is empty', () => {
    for (const [name, drawing] of drawn()) {
      const colours = typeof drawing === 'string' ? new Set(drawing.match(/fill="[^"]+"/g)) : new Set(drawing.data);
      expect({ name, several: colours.size > 3 }).toEqual({ name, several: true });
    }
  });
});

test('links lead to files that are there', () => {
  const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(15);
  expect(links.filter((link) => !existsSync(`${root}docs/${link}`))).toEqual([]);
});

test('the blocks alone, put into a file, print the same with the built package', async () => {
  const code = pieces.filter(({ kind }) => kind === 'code').map((piece) => piece.text);
  const outputs = pieces.filter(({ kind }) => kind === 'output').map((piece) => piece.text);
  const file = `${root}build/guide-try.mjs`;
  // Imports of one name may stand in several blocks.
  writeFileSync(file, code.join('\n'));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: root });
    expect(stdout).toBe(outputs.join(''));
  } finally {
    rmSync(file);
  }
}, 60_000);

describe('the reader of the page', () => {
  const run = (page: string) => runGuide(page.replaceAll("'''", '```'));

  test('writes what blocks print, figures, tables; shows pictures', async () => {
    const page = [
      "'''js",
      'const x = [1, 2];',
      'console.log(x.length);',
      "'''",
      '',
      "'''text",
      '7',
      "'''",
      '',
      'It is (9<!--= x[1] --> or **8<!--= count(1000 * x[1]) -->**).',
      '',
      "<!-- table = table(['a', 'b:'],",
      '  [[1, x[1]]]) -->',
      '| old |',
      '',
      "<!-- picture = 'svg' -->",
      '![A drawing](pictures/x.svg)',
      '',
    ].join('\n');
    const { markdown, drawings } = await run(page);
    expect(markdown).toContain('```text\n2\n```\n\nIt is (2<!--= x[1] --> or **2,000<!--= count(1000 * x[1]) -->**).');
    expect(markdown).toContain('-->\n| a   |   b |\n| --- | --: |\n| 1   |   2 |\n\n<!-- picture');
    expect([...drawings]).toEqual([['x.svg', 'svg']]);
  });

  test.each([
    ['what throws', "'''js\nlet a;\na.b;\n'''\n", /near line 2: .*undefined/],
    ['what prints without a block for it', "'''js\nconsole.log(1);\n'''\n", /line 4 of the guide: no text block/],
    ['another language', "'''ts\nlet a;\n'''\n", /line 1 of the guide: a block that is neither/],
    ['a block without an end', "'''js\nlet a;\n", /a block without an end/],
    ['a picture without a text', "<!-- picture = '' -->\n![](pictures/x.svg)\n", /no picture with a text follows/],
    ['a figure at the beginning of a line', 'a\n<!--= 1 --> b\n', /line 2 of the guide: a figure stands behind its word/],
    ['a figure of two words', "a 1<!--= '1 2' -->\n", /a figure is one word, got '1 2'/],
    ['an unknown module', "'''js\nimport { a } from 'b';\n'''\n", /no module 'b'/],
    ['helpers in a block', "'''js\ncount(1);\n'''\n", /count is not defined/],
  ])('refuses %s', async (_, page, message) => {
    await expect(run(page)).rejects.toThrow(message);
  });
});
