import { readFileSync } from 'node:fs';
import { algorithmsOf, networks, sectionsOf } from './algorithms.ts';

const path = 'tests/zoo/algorithms.txt';
const sections = sectionsOf(readFileSync(path, 'utf8'));

test('the list has every network', () => expect([...sections.keys()]).toEqual([...networks.keys()]));

test.each([...networks.keys()])('%s is computed by the algorithms of the list', (name) => {
  const [listed, chosen] = [sections.get(name) ?? [], algorithmsOf(name)];
  if (listed.join('\n') === chosen.join('\n')) return;
  const without = (lines: readonly string[], others: readonly string[], sign: string) =>
    lines.filter((line) => !others.includes(line)).map((line) => `${sign} ${line}`);
  const changes = [...without(listed, chosen, '-'), ...without(chosen, listed, '+')];
  const advice = `a changed choice changes bits: if it is wanted, run npm run algorithms to write ${path} anew`;
  throw new Error([`${name}:`, ...(changes.length > 0 ? changes : ['the layers come in another order']), advice].join('\n'));
});
