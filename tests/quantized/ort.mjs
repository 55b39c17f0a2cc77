// Compares QLinearConv, ConvInteger, QLinearMatMul and MatMulInteger with onnxruntime-node on random cases, bit for bit: shapes, types, zero points,
// pads, strides, dilations, groups, constant and computed weights.
//
//   node scripts/package.mjs
//   node tests/quantized/ort.mjs [--cases 10000] [--seed 1] [--op QLinearConv] [--package FOLDER]
//
// FOLDER holds node_modules with onnxruntime-node; bench/peers by default. On processors without dots of four bytes (VNNI) onnxruntime's products of uint8 and
// int8 saturate at 16 bits, two by two: a probe says so, and int8 weights then have seven bits beside uint8, which cannot saturate.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load, Tensor } from '../../dist/index.js';
import { writeOnnx } from '../../dist/onnx.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    op: { type: 'string' },
    package: { type: 'string', default: join(root, 'bench/peers') },
  },
});
let ort;
try {
  ort = createRequire(join(resolve(values.package), 'none.js'))('onnxruntime-node');
} catch {
  console.log(`skipped: ${values.package} holds no onnxruntime-node`);
  process.exit();
}

let state = Number(values.seed);
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) / 2 ** 24;
};
const whole = (least, most) => least + Math.floor(next() * (most - least + 1));
const pick = (...list) => list[whole(0, list.length - 1)];
const sizeOf = (dims) => dims.reduce((a, b) => a * b, 1);

const byte = (type) => (type === 'int8' ? whole(-128, 127) : whole(0, 255));
/** Bytes, now and then only the extremes. @param beside the type of the other factor */
function bytes(type, dims, beside) {
  const extreme = next() < 0.1;
  const few = saturating && type === 'int8' && beside === 'uint8';
  const [low, high] = few ? [-64, 63] : type === 'int8' ? [-128, 127] : [0, 255];
  const data = Array.from({ length: sizeOf(dims) }, () => (extreme ? pick(low, high) : whole(low, high)));
  return new Tensor(type, data, dims);
}
const float = (list, dims) => new Tensor('float32', Float32Array.from(list), dims);

const axis = () => ({ size: whole(1, 12), kernel: pick(1, 1, 2, 3, 3, 5), stride: pick(1, 1, 2, 3), dilation: pick(1, 1, 1, 2, 3) });

/** A window that fits, over one or two axes; undefined if it does not. */
function windowOf() {
  const axes = Array.from({ length: pick(1, 2, 2, 2) }, axis);
  const autoPad = pick('NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID');
  // onnxruntime takes auto_pad with dilations for older files' sake, by formulas of its own.
  if (autoPad !== 'NOTSET') for (const one of axes) one.dilation = 1;
  const pads = axes.map(({ kernel }) => [whole(0, kernel - 1), whole(0, kernel - 1)]);
  const fits = axes.every(({ size, kernel, dilation }, i) => {
    const padded = autoPad === 'NOTSET' ? size + pads[i][0] + pads[i][1] : size;
    return autoPad.startsWith('SAME') || padded >= (kernel - 1) * dilation + 1;
  });
  if (!fits) return undefined;
  return {
    sizes: axes.map(({ size }) => size),
    kernels: axes.map(({ kernel }) => kernel),
    attributes: {
      strides: axes.map(({ stride }) => stride),
      dilations: axes.map(({ dilation }) => dilation),
      ...(autoPad === 'NOTSET' ? { pads: [...pads.map(([a]) => a), ...pads.map(([, b]) => b)] } : { auto_pad: autoPad }),
    },
  };
}

/** Zero points: none where 0 is wanted, one, or `count` times the same, as onnxruntime demands. */
const zeros = (type, count, each = 0) => {
  const zero = pick(0, type === 'int8' ? 0 : 128, byte(type), byte(type));
  return next() < each ? new Tensor(type, Array(count).fill(zero), [count]) : new Tensor(type, [zero], []);
};

function convCase(op) {
  const window = windowOf();
  if (!window) return convCase(op);
  const group = pick(1, 1, 1, 2, 3);
  const [depth, filters] = [pick(1, 2, 3, 4, 5, 7, 8, 17, 33), group * pick(1, 2, 3, 4, 7, 8, 9, 17)];
  const linear = op === 'QLinearConv';
  const type = linear ? pick('uint8', 'uint8', 'int8') : 'uint8';
  const weightType = type === 'int8' ? 'int8' : pick('uint8', 'int8');
  const x = bytes(type, [pick(1, 1, 2), depth * group, ...window.sizes]);
  const w = bytes(weightType, [filters, depth, ...window.kernels], type);
  const attributes = { ...window.attributes, group };
  if (!linear) return { op, attributes, inputs: [x, w, zeros(type), zeros(weightType)], fixed: next() < 0.8 };
  const scales = Array.from({ length: pick(1, filters) }, () => 0.001 + 0.01 * next());
  const inputs = [
    x,
    float([0.01 + 0.05 * next()], []),
    zeros(type),
    w,
    float(scales, scales.length === 1 ? [] : [filters]),
    scales.length === 1 ? zeros(weightType) : zeros(weightType, filters, 1),
    float([0.02 + next()], []),
    zeros(type),
    ...(next() < 0.5
      ? [
          new Tensor(
            'int32',
            Array.from({ length: filters }, () => whole(-20000, 20000)),
            [filters],
          ),
        ]
      : []),
  ];
  return { op, attributes, inputs, fixed: next() < 0.8 };
}

function matMulCase(op) {
  const [rows, depth, columns] = [whole(1, 20), pick(1, 2, 3, 4, 5, 7, 8, 17, 64, 100), whole(1, 20)];
  const linear = op === 'QLinearMatMul';
  const [type, weightType] = pick(['uint8', 'uint8'], ['uint8', 'int8'], ['int8', 'int8']);
  const batch = pick([], [], [2], [2, 3]);
  const a = bytes(type, [...batch, rows, depth]);
  const b = bytes(weightType, [...pick([], batch), depth, columns], type);
  const [aZero, bZero] = [zeros(type), zeros(weightType, columns, b.dims.length === 2 ? 0.3 : 0)];
  if (!linear) return { op, attributes: {}, inputs: [a, b, aZero, bZero], fixed: next() < 0.8 };
  const count = bZero.dims.length;
  const bScale = count
    ? float(
        Array.from({ length: columns }, () => 0.001 + 0.01 * next()),
        [columns],
      )
    : float([0.005], []);
  return {
    op,
    attributes: {},
    inputs: [a, float([0.01 + 0.05 * next()], []), aZero, b, bScale, bZero, float([0.02 + next()], []), zeros(type)],
    fixed: next() < 0.8,
  };
}

const ops = { QLinearConv: convCase, ConvInteger: convCase, QLinearMatMul: matMulCase, MatMulInteger: matMulCase };

/** The model of a case: the activations, and the weights unless they are fixed, are its inputs. */
function modelOf({ op, attributes, inputs, fixed }) {
  const weight = op.startsWith('QLinear') ? 3 : 1;
  const fed = (i) => i === 0 || (i === weight && !fixed);
  const name = (i) => `input${i}`;
  const graph = {
    name: op,
    inputs: inputs.flatMap(({ type, dims }, i) => (fed(i) ? [{ name: name(i), type, dims }] : [])),
    outputs: [{ name: 'y', type: op.startsWith('QLinear') ? inputs[7].type : 'int32', dims: undefined }],
    nodes: [
      { op, domain: '', name: op, inputs: inputs.map((_, i) => name(i)), outputs: ['y'], attributes: new Map(Object.entries(attributes)) },
    ],
    constants: new Map(
      inputs.flatMap(({ type, dims, data }, i) => (fed(i) ? [] : [[name(i), { name: name(i), type, dims, read: () => data }]])),
    ),
    opsets: new Map([['', 13]]),
    metadata: new Map(),
  };
  return { bytes: writeOnnx(graph), feeds: Object.fromEntries(inputs.flatMap((tensor, i) => (fed(i) ? [[name(i), tensor]] : []))) };
}

async function runOrt(bytes, feeds) {
  const session = await ort.InferenceSession.create(bytes, {
    logSeverityLevel: 4,
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
  });
  const given = Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]);
  const { y } = await session.run(Object.fromEntries(given));
  const data = y.data.slice();
  await session.release();
  return { data, dims: y.dims };
}

async function saturates() {
  const tensors = [new Tensor('uint8', Array(64).fill(255), [1, 64]), new Tensor('int8', Array(64).fill(127), [64, 1])];
  const inputs = [...tensors, new Tensor('uint8', [0], []), new Tensor('int8', [0], [])];
  const { bytes, feeds } = modelOf({ op: 'MatMulInteger', attributes: {}, inputs, fixed: true });
  return (await runOrt(bytes, feeds)).data[0] !== 64 * 255 * 127;
}

const saturating = await saturates();
console.log(`onnxruntime-node ${ort.env.versions.node}: dots of uint8 and int8 ${saturating ? 'saturate' : 'are exact'} on this processor`);
const counts = {};
const refusals = new Map();
let failed = 0;
for (let i = 0; i < Number(values.cases); i++) {
  const op = values.op ?? pick(...Object.keys(ops));
  const spec = ops[op](op);
  counts[op] ??= { equal: 0, refused: 0, different: 0 };
  const { bytes, feeds } = modelOf(spec);
  let expected;
  try {
    expected = await runOrt(bytes, feeds);
  } catch (error) {
    counts[op].refused++;
    const text = String(error.message).replace(/\s+/g, ' ').slice(-160);
    refusals.set(text, (refusals.get(text) ?? 0) + 1);
    continue;
  }
  let actual;
  let problem = '';
  try {
    const model = await load(bytes);
    actual = (await model.run(feeds)).y;
    model.dispose();
    if (actual.dims.join() !== expected.dims.join()) problem = `[${actual.dims}], onnxruntime [${expected.dims}]`;
    const at = actual.data.findIndex((value, j) => value !== expected.data[j]);
    if (!problem && at >= 0) problem = `element ${at} is ${actual.data[at]}, onnxruntime's ${expected.data[at]}`;
  } catch (error) {
    problem = error.message;
  }
  if (!problem) counts[op].equal++;
  else {
    counts[op].different++;
    if (failed++ < 5) {
      const shown = spec.inputs.map(({ type, dims, data }) => `${type}[${dims}]${data.length === 1 ? `=${data[0]}` : ''}`);
      console.log(`case ${i} ${op} ${JSON.stringify(spec.attributes)} ${shown.join(' ')}: ${problem}`);
    }
  }
}
for (const [op, { equal, refused, different }] of Object.entries(counts)) {
  console.log(`${op}: ${equal} equal, ${different} different, ${refused} refused by onnxruntime`);
}
for (const [text, count] of refusals) console.log(`  refused ${count} times: ${text}`);
process.exitCode = failed ? 1 : 0;
