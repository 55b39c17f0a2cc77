// Numbers that reach weights have the same bits on every engine: src/training and src/quantize use no function of Math that
// engines round differently.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What IEEE 754 or ECMAScript fixes to the bit, and constants. Others are in src/ops/exact.ts. */
const allowed = new Set([
  ...['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'],
  ...['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2'],
]);

/** Uses of what engines round differently, in a file's text. */
function inexact(text: string): string[] {
  const code = text.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '').replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
  const functions = [...code.matchAll(/\bMath\b(?:\s*\.\s*(\w+))?/g)].filter(([, name]) => !allowed.has(name ?? ''));
  // Whole powers of two are exact.
  const powers = [...code.matchAll(/(\S+)\s*\*\*=?\s*(\S+)/g)].filter(
    ([, base, exponent]) => !(/(^|[^\w.])2$/.test(base ?? '') && /^-?\d+(?![\w.])/.test(exponent ?? '')),
  );
  return [...functions, ...powers].map(([found]) => found);
}

test.each(['training', 'quantize'])('src/%s computes the same on every engine', (name) => {
  const folder = fileURLToPath(new URL(`../../src/${name}`, import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap((name) => inexact(readFileSync(join(folder, name), 'utf8')).map((found) => `${name}: ${found}`))).toEqual([]);
});

test.each([
  ['Math.exp(x)', ['Math.exp']],
  ['Math . tanh(x) + Math.floor(x)', ['Math . tanh']],
  ['const { pow } = Math;', ['Math']],
  ["Math['cos'](x)", ['Math']],
  ['Math.random()', ['Math.random']],
  ['rate ** step', ['rate ** step']],
  ['0.2 ** n; x2 ** 3; (2 ** 32); 2 ** n; 2 ** 0.5', ['0.2 ** n;', 'x2 ** 3;', '2 ** n;', '2 ** 0.5']],
  ['x **= 3', ['x **= 3']],
  ["// Math.exp, a ** b\n/** Math.log */ 'Math.sin'", []],
  ['Math.max(1, Math.sqrt(2)) * Math.PI * 2 ** -24', []],
])('%s', (code, found) => {
  expect(inexact(code)).toEqual(found);
});
