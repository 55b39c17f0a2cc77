// Custom operators that go wrong.

import type { Tensor } from '../../src/graph/tensor.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { failure } from '../failure.ts';
import { graphOf } from '../kernels/graph.ts';
import { expectClose } from '../kernels/run.ts';
import { conv, fromTensor, random, toTensor } from '../reference/index.ts';
import { modelOf, onlyOutput } from '../runtime/models.ts';
import { floatsOf, node, operator, ramp, single, vector } from './customOps.ts';

describe('what goes wrong', () => {
  test.each([
    ['an Error', new Error('out of swirls'), 'out of swirls'],
    ['a text', 'out of swirls', 'it threw out of swirls'],
    ['nothing', undefined, 'it threw undefined'],
    ['null', null, 'it threw object'],
    ['an object', Object.create(null), 'it threw object'],
    ['a symbol', Symbol('out'), 'it threw symbol'],
  ])('%s that run throws names the operator, and the model works on', (_, thrown, said) => {
    let broken = true;
    const op = operator(({ inputs: [x], outputs: [y] }) => {
      y.data.fill(99 as never);
      if (broken) throw thrown;
      y.data.set(x.data as never);
    });
    const w = random([2, 2, 1, 1], 1);
    const nodes = [node('Conv', ['x', 'w'], ['a']), node('Test', ['a'], ['b']), node('Conv', ['b', 'w'], ['y'])];
    const model = modelOf(graphOf({ inputs: { x: ['N', 2, 3, 3] }, constants: { w }, nodes }), { operators: [op] });
    for (const n of [1, 2]) {
      const x = random([n, 2, 3, 3], n);
      broken = true;
      const error = failure(() => model.runSync({ x: toTensor(x) }));
      expect(error).toMatchObject({ code: 'OPERATOR_FAILED', message: `my.ops.Test 'b': ${said}` });
      expect(error.cause).toBe(thrown);
      expect(failure(() => model.profile({ x: toTensor(x) })).code).toBe('OPERATOR_FAILED');
      broken = false;
      expectClose(fromTensor(model.runSync({ x: toTensor(x) }).y as Tensor), conv({ x: conv({ x, w }), w }), 1e-5);
    }
  });

  test('a promise is refused, also one that fails', async () => {
    for (const body of [async () => {}, async () => Promise.reject(new Error('later'))]) {
      const model = single(operator(body as never));
      await expect(model.run({ x: vector(1) })).rejects.toMatchObject({
        code: 'OPERATOR_FAILED',
        message: "my.ops.Test 'it': run gave a promise; it has to be done when it returns",
      });
    }
  });

  test('an inferShape that throws, at load and later', () => {
    const op = defineOp({
      name: 'Test',
      domain: 'my.ops',
      inferShape([{ dims }]) {
        if (dims[0] === 3) throw new RangeError('no threes');
        return { dims };
      },
      run: ({ inputs: [x], outputs: [y] }) => y.data.set(x.data as never),
    });
    expect(failure(() => single(op, [3]))).toMatchObject({ code: 'OPERATOR_FAILED', message: "my.ops.Test 'it': no threes" });
    const model = single(op);
    expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2]);
    expect(failure(() => model.runSync({ x: vector(1, 2, 3) })).cause).toBeInstanceOf(RangeError);
    expect(onlyOutput(model.runSync({ x: vector(3, 4) }))).toEqual([3, 4]);
  });

  test.each([
    ['nothing', undefined, /needs its dimensions as a list, got undefined/],
    ['null', null, /needs its dimensions as a list/],
    ['a number', 3, /needs its dimensions as a list/],
    ['dimensions alone', [2, 3], /gave 2 outputs instead of 1/],
    ['none', [], /gave 0 outputs instead of 1/],
    ['a half', { dims: [1.5] }, /dimension 1\.5/],
    ['a negative one', { dims: [-1] }, /dimension -1/],
    ['NaN', { dims: [Number.NaN] }, /dimension NaN/],
    ['a hole', { dims: new Array(1) }, /dimension undefined/],
    ['a text', { dims: 'ab' }, /as a list, got 'ab'/],
    ['too many', { dims: [2 ** 40, 2 ** 40] }, /more elements than can be counted/],
    ['an unknown type', { type: 'float8', dims: [1] }, /unknown type 'float8'/],
    ["a property of every object's", { type: 'toString', dims: [1] }, /unknown type 'toString'/],
    ['a promise', Promise.resolve(), /as a list, got undefined/],
  ])('an inferShape that gives %s', (_, given, message) => {
    const op = defineOp({ name: 'Test', domain: 'my.ops', inferShape: () => given as never, run() {} });
    expect(failure(() => single(op, [2]))).toMatchObject({ code: 'OPERATOR_FAILED', message: expect.stringMatching(message) });
  });

  test('outputs over the limit of memory', () => {
    const op = defineOp({ name: 'Test', domain: 'my.ops', inferShape: () => ({ dims: [2 ** 30] }), run() {} });
    expect(failure(() => single(op, [2]))).toMatchObject({ code: 'TOO_LARGE', message: expect.stringMatching(/my\.ops|'y'/) });
  });

  test('an operator cannot run its own model, but another', () => {
    const other = single(ramp);
    let again: (() => unknown) | undefined;
    const op = operator(({ inputs: [x], outputs: [y] }) => {
      y.data.set(other.runSync({ x: vector(...floatsOf(x)) }).y?.data as never);
      again?.();
    });
    const model = single(op);
    for (const call of [() => model.runSync({ x: vector(5, 6, 7) }), () => model.profile({ x: vector(5) })]) {
      again = call;
      const error = failure(() => model.runSync({ x: vector(1, 2) }));
      expect(error).toMatchObject({
        code: 'OPERATOR_FAILED',
        message: "my.ops.Test 'it': the model is running: its operators cannot run it again",
      });
      again = undefined;
      expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2.0625]);
    }
    // A call that is refused leaves the run that it would have disturbed alone.
    again = () => void model.run({ x: vector(5, 6, 7) }).catch(() => {});
    expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2.0625]);
  });

  test('a model that is disposed of by its operator finishes the run', () => {
    const op = operator(({ inputs: [x], outputs: [y] }) => {
      model.dispose();
      y.data.set(x.data as never);
    });
    const model = single(op);
    expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2]);
    expect(failure(() => model.runSync({ x: vector(1, 2) })).code).toBe('DISPOSED');
  });
});
