// What TypeScript knows of a custom operator: checked with the types (npm run types), never run.

import { Tensor } from '../../src/graph/tensor.ts';
import { type Applicable, defineOp } from '../../src/ops/custom.ts';

const first = defineOp({
  name: 'First',
  domain: 'my.ops',
  attributes: {
    size: { type: 'int' },
    mode: { type: 'string', default: 'fast' },
    scales: { type: 'floats', default: [] },
    w: { type: 'tensor' },
  },
  inferShape([a], attributes) {
    const all: [number, string, readonly number[], Tensor] = [attributes.size, attributes.mode, attributes.scales, attributes.w];
    // @ts-expect-error there is no such attribute
    const none = attributes.missing;
    return { type: all.length > 4 || none ? 'int64' : a.type, dims: a.dims };
  },
  run({ inputs: [a], outputs: [b], attributes }) {
    const size: number = attributes.size;
    // @ts-expect-error a number
    const text: string = attributes.size;
    // The type tells what the elements are.
    if (a.type === 'int64' && b.type === 'float32') b.data[size + text.length] = Number(a.data[0] as bigint);
    // @ts-expect-error a promise is none of the things that run gives
    const later: undefined = Promise.resolve();
    return later;
  },
});

export function layers<T extends Applicable>(x: T): T[] {
  const w = new Tensor('float32', [1]);
  const pair = defineOp({ name: 'Pair', domain: 'my.ops', inputs: 2, outputs: 2, inferShape: ([a, b]) => [a, b], run() {} });
  const [y, z]: (T | undefined)[] = pair([x, x]);
  // @ts-expect-error a required attribute is missing
  first(x);
  // @ts-expect-error of another kind
  first(x, { size: 'much', w });
  // @ts-expect-error one output, no list
  const several: T[] = first(x, { size: 1, w });
  // @ts-expect-error a text is no default of an int
  defineOp({ name: 'A', domain: '', attributes: { a: { type: 'int', default: 'one' } }, run() {} });
  const one: T = first({ size: 1, mode: 'slow', w, name: 'first' })(x);
  return [y ?? x, z ?? x, one, ...several];
}
