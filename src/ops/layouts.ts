// The layout rules that several operators share. An operator without a rule takes and gives rowMajor.

import type { LayoutRule } from './operator.ts';

const rule =
  (inputs: LayoutRule['inputs'], output: LayoutRule['output']): (() => LayoutRule) =>
  () => ({ inputs, output });

export const rowMajor = rule(['rowMajor'], 'rowMajor');
export const channelsLast = rule(['channelsLast'], 'channelsLast');
/** All inputs and the output have one layout. */
export const alike = rule(['any'], 'any');
/** The first input and the output have one layout; parameters follow. */
export const firstAlike = rule(['any', 'rowMajor'], 'any');
/** A picture, and parameters that are row-major. */
export const pictureFirst = rule(['channelsLast', 'rowMajor'], 'channelsLast');
