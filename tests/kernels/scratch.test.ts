import { runNode, runGraph, moduleOf } from './run.ts';
import { graphOf, int64 } from './graph.ts';
import { random, array, conv, maxError, averagePool, toTensor } from '../reference/index.ts';
import { Model } from '../../src/runtime/model.ts';
import { planSource, initialDims } from '../../src/load.ts';
import { Tensor } from '../../src/graph/tensor.ts';

const model = (graph: any, options: any = {}) => new Model(planSource(graph, options), moduleOf('strict'), 'strict', initialDims(graph, options));

test('zeros of a second plan', () => {
  const m = model(graphOf({ inputs: { x: ['N', 'C', 'H', 'W'], w: ['M', 'C', 3, 3] }, nodes: [{ op: 'Conv', inputs: ['x', 'w'], attributes: { pads: [1, 1, 1, 1] } }] }));
  for (const c of [4, 64, 600]) {
    const x = random([1, c, 9, 9], 1), w = random([5, c, 3, 3], 2);
    const y = m.runSync({ x: toTensor(x), w: toTensor(w) });
    expect(maxError(Object.values(y)[0]!.data as Float32Array, conv({ x, w, pads: [1, 1, 1, 1] }))).toBeLessThan(1e-3);
  }
});
test('weights after a failed use', () => {
  const m = model(graphOf({ inputs: { x: ['N', 1], y: [1, 'M'] }, constants: { c: array([1], [5]) }, nodes: [{ op: 'Add', inputs: ['x', 'y'] }, { op: 'Add', inputs: ['Add_0', 'c'] }] }), { memoryLimit: 2 ** 40 });
  const ones = (n: number, dims: number[]) => new Tensor('float32', new Float32Array(n).fill(1), dims);
  expect(() => m.runSync({ x: ones(40000, [40000, 1]), y: ones(40000, [1, 40000]) })).toThrow('memory');
  expect(Array.from(Object.values(m.runSync({ x: ones(1, [1, 1]), y: ones(1, [1, 1]) }))[0]!.data)).toEqual([7]);
});
test('gemm K=0', () => {
  expect([...runNode({ op: 'Gemm', inputs: [array([2, 0]), array([0, 3]), array([3], [1, 2, 3])] }).data]).toEqual([1, 2, 3, 1, 2, 3]);
});
test('avgpool count overflow', () => {
  const n = 70000;
  const y = runNode({ op: 'AveragePool', inputs: [array([1, 1, 1, 1], [1])], attributes: { kernel_shape: [n, n], pads: [n - 1, n - 1, 0, 0], count_include_pad: 1 } });
  expect(y.data[0]).toBeCloseTo(1 / n / n, 15);
});
test('conv output as weights', () => {
  const a = random([4, 3, 3, 3], 1), b = random([2, 3, 1, 1], 4), x = random([1, 2, 5, 5], 3);
  const w = conv({ x: a, w: b });
  const [y] = runGraph(graphOf({ inputs: { x: x.dims, a: a.dims }, constants: { b }, nodes: [{ op: 'Conv', inputs: ['a', 'b'] }, { op: 'Conv', inputs: ['x', 'Conv_0'] }] }), { x, a });
  expect(maxError(y!.data, conv({ x, w }))).toBeLessThan(1e-4);
});
test('unused int64 input', () => {
  const g = graphOf({ inputs: { x: [2] }, nodes: [{ op: 'Relu', inputs: ['x'] }] });
  (g.inputs as any).push({ name: 'n', type: 'int64', dims: [1] });
  const m = model(g);
  expect(Array.from(m.runSync({ x: new Tensor('float32', [1, -1]), n: new Tensor('int64', [3]) }).Relu_0!.data)).toEqual([1, 0]);
});
test('same BN names, same weights', () => {
  const x = random([1, 2, 3, 3], 3), w = random([2, 2, 1, 1], 1);
  const g = graphOf({ inputs: { x: x.dims }, constants: { w, s: array([2], [2, 2]), t: array([2], [3, 3]), z: array([2]), o: array([2], [1, 1]) },
    nodes: [{ op: 'Conv', inputs: ['x', 'w'] }, { op: 'Conv', inputs: ['x', 'w'] }, { op: 'BatchNormalization', name: 'bn', outputs: ['p'], inputs: ['Conv_0', 's', 'z', 'z', 'o'] }, { op: 'BatchNormalization', name: 'bn', outputs: ['q'], inputs: ['Conv_1', 't', 'z', 'z', 'o'] }], outputs: ['p', 'q'] });
  const [p, q] = runGraph(g, { x });
  expect(q!.data[0]! / p!.data[0]!).toBeCloseTo(1.5, 4);
});
test('no dims', () => {
  const m = model(graphOf({ inputs: { x: [2] }, nodes: [{ op: 'Relu', inputs: ['x'] }] }));
  for (const t of [{ type: 'float32', data: new Float32Array(2) }, { type: 'float32', data: new Float32Array(2), dims: 2 }, { type: 'float32', data: new Float32Array(2), dims: null },null, 5, {type:'float32'}]) {
    let e: any; try { m.runSync({ x: t } as any); } catch (x) { e = x; }
    console.log(JSON.stringify(t), e?.name, e?.code, e?.message);
  }
  for (const t of [undefined, null, 5, [], 'x', [1]]) {
    let e: any; try { m.runSync(t as any); } catch (x) { e = x; }
    console.log(JSON.stringify(t), e?.name, e?.code, e?.message);
  }
});
test('profile macs', () => {
  const m = model(graphOf({ inputs: { a: [3, 2], b: [3, 4] }, nodes: [{ op: 'Gemm', inputs: ['a', 'b'], attributes: { transA: 1 } }] }));
  console.log(m.profile({ a: toTensor(random([3, 2], 1)), b: toTensor(random([3, 4], 1)) }));
});
test('pool with huge kernel/time', () => {
  const n = 2 ** 27;
  console.log(runNode({ op: 'MaxPool', inputs: [array([1, 1, 1, 1], [1])], attributes: { kernel_shape: [n, n], pads: [n - 1, n - 1, 0, 0] } }));
});
