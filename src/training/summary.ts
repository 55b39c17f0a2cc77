import { formatCount, table } from '../analysis/text.ts';
import { product } from '../graph/dims.ts';
import type { State } from './states.ts';

/** A table of what learns, what is frozen and what runs along. @param trained the names of those that learn */
export function formatStates(states: readonly State[], trained: ReadonlySet<string>): string {
  const kind = ({ value, learned, decays }: State) =>
    learned ? (trained.has(value.name) ? (decays ? 'learns, decays' : 'learns') : 'frozen') : 'statistics';
  const rows = states.map((state) => [state.value.name, state.value.dims.join('×'), formatCount(product(state.value.dims)), kind(state)]);
  const count = states
    .filter(({ learned, value }) => learned && trained.has(value.name))
    .reduce((sum, { value }) => sum + product(value.dims), 0);
  return table(['weight', 'shape', 'numbers', ''], [...rows, ['learns', '', formatCount(count), '']], [2]);
}
