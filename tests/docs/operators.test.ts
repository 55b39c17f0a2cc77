import { readFileSync } from 'node:fs';
import { operatorsMarkdown } from '../../src/analysis/operators.ts';
import { addOperators } from '../../src/compiler/operators.ts';

const operators = addOperators();

test('docs/operators.md is what the operators say; npm run docs writes it', () => {
  const text = readFileSync(new URL('../../docs/operators.md', import.meta.url), 'utf8');
  expect(text.replaceAll('\r\n', '\n')).toBe(operatorsMarkdown());
});

test('every operator has one row, and none has an empty cell for its types', () => {
  const rows = operatorsMarkdown()
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| Operator'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows.map(([, name]) => name).sort()).toEqual([...operators.keys()].sort());
  for (const [, name, opsets, kernels, host] of rows) {
    expect([name, opsets]).toEqual([name, expect.stringMatching(/^\d+(, to \d+)?$/)]);
    expect([name, kernels, host]).not.toContain('');
    // One that neither has would run nowhere.
    expect([name, kernels === '–' && host === '–']).toEqual([name, false]);
  }
});
