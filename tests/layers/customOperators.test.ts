// Operators of one's own as layers: the network brings their definitions along.

import { summarize } from '../../src/analysis/index.ts';
import { conv2d, input, model, relu } from '../../src/layers/index.ts';
import { load } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { failure } from '../failure.ts';
import { random, toTensor } from '../reference/index.ts';

const double = defineOp({
  name: 'Double',
  domain: 'my.ops',
  run({ inputs: [x], outputs: [y] }) {
    if (x.type === 'float32' && y.type === 'float32') for (let i = 0; i < x.data.length; i++) y.data[i] = (x.data[i] as number) * 2;
  },
});
const other = defineOp({ name: 'Other', domain: 'my.ops', run() {} });

const x = input([3, 5, 4]);
const once = model(x, relu(double(conv2d(x, 2, 3))));

test('a network knows its operators, each once', () => {
  expect(once.operators).toEqual([double]);
  expect(model(x, other(double(double(x)))).operators.map(({ name }) => name)).toEqual(['Double', 'Other']);
  expect(model(x, relu(x)).operators).toEqual([]);
});

test('it runs as it is, and as a file that is loaded with them', async () => {
  const feeds = { input: toTensor(random([1, 3, 5, 4], 1)) };
  const direct = await once.compile();
  const loaded = await load(once.toONNX(), { operators: once.operators });
  const outputs = direct.runSync(feeds);
  expect(loaded.runSync(feeds)).toEqual(outputs);
  expect(outputs.output?.data.some((value) => (value as number) > 0)).toBe(true);
});

test('its summary as data, with and without operators besides', () => {
  const expected = ['Conv', 'Double', 'Relu'];
  expect(summarize(once).layers.map(({ op }) => op)).toEqual(expected);
  expect(summarize(once, {}, { operators: [double, other] }).layers.map(({ op }) => op)).toEqual(expected);
  expect(summarize(once).params).toBe(once.parameterCount);
  expect(once.summary()).toContain('Double');
  expect(failure(() => summarize(once, {}, { operators: 3 } as never)).code).toBe('INVALID_INPUT');
  expect(failure(() => summarize(once.graph())).message).toMatch(/my\.ops\.Double/);
});
