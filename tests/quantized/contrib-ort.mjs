// Holds com.microsoft's quantized operators against onnxruntime-node, byte for byte, on random cases: how many bytes differ, and by how much at most.
//
//   node scripts/package.mjs
//   node tests/quantized/contrib-ort.mjs [--cases 40] [--seed 1] [--package FOLDER] [--optimize]
//
// FOLDER holds node_modules with onnxruntime-node; bench/peers by default. Without --optimize the optimiser is off. QLinearAdd and QLinearMul are also held
// against the definition: DequantizeLinear, Add or Mul, QuantizeLinear.

import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load, Tensor } from '../../dist/index.js';
import { writeOnnx } from '../../dist/onnx.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    package: { type: 'string', default: join(root, 'bench/peers') },
    optimize: { type: 'boolean', default: false },
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
const limits = (type) => (type === 'int8' ? [-128, 127] : [0, 255]);
const bytes = (type, dims, [low, high] = limits(type)) =>
  new Tensor(
    type,
    Array.from({ length: sizeOf(dims) }, () => whole(low, high)),
    dims,
  );
const float = (value) => new Tensor('float32', [value], []);
const scale = () => float(pick(0.5, 0.25, 0.001 + 0.1 * next(), 0.001 + 0.1 * next()));
const zero = (type) => new Tensor(type, [pick(...limits(type), 0, whole(...limits(type)))], []);
/** Scale and zero point. */
const by = (type) => [scale(), zero(type)];
const type = () => pick('uint8', 'int8');

/** Every pair of bytes. */
const pairs = (type, place) => {
  const [low] = limits(type);
  return new Tensor(
    type,
    Array.from({ length: 65536 }, (_, i) => low + place(i)),
    [1, 1, 256, 256],
  );
};

const binary = (op) => () => {
  const own = type();
  return { op, inputs: [pairs(own, (i) => i & 255), ...by(own), pairs(own, (i) => i >> 8), ...by(own), ...by(own)] };
};
const unary = (op, attributes) => () => {
  const own = type();
  const [low] = limits(own);
  const x = new Tensor(
    own,
    Array.from({ length: 256 }, (_, i) => low + i),
    [1, 256],
  );
  return { op, attributes: attributes(), inputs: [x, ...by(own), ...by(own)] };
};
const picture = () => [pick(1, 2), pick(1, 3, 4, 5, 7, 8, 17), whole(3, 9), whole(3, 9)];
const kinds = {
  QLinearAdd: binary('QLinearAdd'),
  QLinearMul: binary('QLinearMul'),
  QLinearLeakyRelu: unary('QLinearLeakyRelu', () => ({ alpha: pick(0.01, 0.1, 0.5) })),
  QLinearSigmoid: unary('QLinearSigmoid', () => ({})),
  QLinearSoftmax: () => {
    const own = type();
    const x = bytes(own, [whole(1, 3), whole(1, 200)]);
    return {
      op: 'QLinearSoftmax',
      attributes: { axis: -1, opset: 13 },
      inputs: [x, scale(), zero(own), float(1 / 256), new Tensor(own, [limits(own)[0]], [])],
    };
  },
  QLinearAveragePool: () => {
    const own = type();
    const attributes = { kernel_shape: [whole(1, 3), whole(1, 3)], strides: [whole(1, 3), whole(1, 3)], count_include_pad: pick(0, 1) };
    return { op: 'QLinearAveragePool', attributes, inputs: [bytes(own, picture()), ...by(own), ...by(own)] };
  },
  QLinearGlobalAveragePool: () => {
    const own = type();
    return { op: 'QLinearGlobalAveragePool', attributes: { channels_last: 0 }, inputs: [bytes(own, picture()), ...by(own), ...by(own)] };
  },
  QLinearConcat: () => {
    const own = type();
    const dims = picture();
    const parts = Array.from({ length: whole(1, 4) }, () => [bytes(own, dims), ...by(own)]);
    return { op: 'QLinearConcat', attributes: { axis: whole(0, 3) }, inputs: [...by(own), ...parts.flat()] };
  },
  QGemm: () => {
    const [a, b] = pick(['uint8', 'int8'], ['uint8', 'uint8'], ['int8', 'int8']);
    const [m, k, n] = [whole(1, 9), whole(1, 40), whole(1, 20)];
    const attributes = { transA: pick(0, 1), transB: pick(0, 1), alpha: pick(0.5, 0.37) };
    // Seven bits, which cannot saturate on processors without VNNI.
    const small = b === 'int8' ? [-64, 63] : [0, 127];
    const columns = pick(1, n);
    const scales = new Tensor(
      'float32',
      Array.from({ length: columns }, () => 0.001 + 0.01 * next()),
      columns === 1 ? [] : [n],
    );
    const zeros = new Tensor(b, new Array(columns).fill(b === 'int8' ? 0 : pick(0, 64)), columns === 1 ? [] : [n]);
    const bias =
      next() < 0.7
        ? new Tensor(
            'int32',
            Array.from({ length: n }, () => whole(-5000, 5000)),
            [n],
          )
        : undefined;
    const x = bytes(a, attributes.transA ? [k, m] : [m, k]);
    const w = bytes(b, attributes.transB ? [n, k] : [k, n], small);
    const inputs = [x, ...by(a), w, scales, zeros, bias, ...(next() < 0.7 ? [float(0.05 + next()), zero(a)] : [])];
    return { op: 'QGemm', attributes, inputs };
  },
  MatMulIntegerToFloat: () => {
    const b = type();
    const [m, k, n] = [whole(1, 9), whole(1, 40), whole(1, 20)];
    const inputs = [
      bytes('uint8', [m, k]),
      bytes(b, [k, n], b === 'int8' ? [-64, 63] : [0, 127]),
      scale(),
      scale(),
      zero('uint8'),
      zero(b),
    ];
    if (next() < 0.5) inputs.push(new Tensor('float32', Array.from({ length: n }, next), [n]));
    return { op: 'MatMulIntegerToFloat', inputs };
  },
  DynamicQuantizeMatMul: () => {
    const [m, k, n] = [whole(1, 9), whole(1, 40), whole(1, 20)];
    const a = new Tensor(
      'float32',
      Array.from({ length: m * k }, () => 4 * next() - 1),
      [m, k],
    );
    return { op: 'DynamicQuantizeMatMul', inputs: [a, bytes('int8', [k, n], [-64, 63]), scale(), new Tensor('int8', [0], [])] };
  },
  MaxPool: () => ({
    op: 'MaxPool',
    domain: '',
    attributes: { kernel_shape: [2, 3], strides: [whole(1, 2), 2] },
    inputs: [bytes(type(), picture())],
  }),
};

/** The floating-point inputs and the activations are fed, the others initializers. */
function graphOf({ op, domain = 'com.microsoft', attributes = {}, inputs }) {
  const fed = inputs.map((value) => value && value.dims.length > 1);
  const name = (i) => (inputs[i] ? `i${i}` : '');
  return {
    name: 'test',
    inputs: inputs.flatMap((value, i) => (fed[i] ? [{ name: name(i), type: value.type, dims: value.dims }] : [])),
    outputs: [{ name: 'y', type: op === 'DynamicQuantizeMatMul' || op === 'MatMulIntegerToFloat' ? 'float32' : typeOf(op, inputs) }],
    nodes: [
      { op, domain, name: 'node', inputs: inputs.map((_, i) => name(i)), outputs: ['y'], attributes: new Map(Object.entries(attributes)) },
    ],
    constants: new Map(
      inputs.flatMap((value, i) =>
        value && !fed[i] ? [[name(i), { name: name(i), type: value.type, dims: value.dims, read: () => value.data }]] : [],
      ),
    ),
    opsets: new Map([
      ['', 13],
      ['com.microsoft', 1],
    ]),
    metadata: new Map(),
  };
}

const typeOf = (op, inputs) => (op === 'QGemm' && !inputs[7] ? 'float32' : op === 'QLinearConcat' ? inputs[1].type : inputs[0].type);

function definition(kind, [a, aScale, aZero, b, bScale, bZero, yScale, yZero]) {
  const value = (x, s, z) => Math.fround(Math.fround(x - z.data[0]) * s.data[0]);
  const [low, high] = limits(a.type);
  return Array.from(a.data, (x, i) => {
    const [p, q] = [value(x, aScale, aZero), value(b.data[i], bScale, bZero)];
    const y = Math.fround(Math.fround(kind === 'QLinearAdd' ? p + q : p * q) / yScale.data[0]);
    const floor = Math.floor(y);
    const round = y - floor === 0.5 ? floor + (floor & 1) : Math.round(y);
    return Math.min(high, Math.max(low, round + yZero.data[0]));
  });
}

const options = { logSeverityLevel: 4, graphOptimizationLevel: values.optimize ? 'all' : 'disabled' };
/** How many differ, by how much at most, and the largest share in a case. */
const count = () => ({ differ: 0, most: 0, of: 0, share: 0 });
function compare(total, a, b) {
  let differ = 0;
  for (let i = 0; i < b.length; i++) {
    const off = Math.abs(a[i] - b[i]);
    if (off > 0) differ++;
    total.most = Math.max(total.most, off);
  }
  total.differ += differ;
  total.of += b.length;
  total.share = Math.max(total.share, differ / b.length);
}
const shown = ({ differ, most, of, share }) =>
  `${differ} of ${of} differ, by ${most} at most; at most ${(100 * share).toFixed(1)} % in a case`;

for (const [kind, make] of Object.entries(kinds)) {
  const [ours, defined] = [count(), count()];
  const problems = new Set();
  for (let i = 0; i < Number(values.cases); i++) {
    const spec = make();
    const bytes = writeOnnx(graphOf(spec));
    const fed = spec.inputs.flatMap((value, i) => (value && value.dims.length > 1 ? [[`i${i}`, value]] : []));
    let expected;
    try {
      const session = await ort.InferenceSession.create(bytes, options);
      const feeds = Object.fromEntries(fed.map(([name, { type, data, dims }]) => [name, new ort.Tensor(type, data, dims)]));
      expected = (await session.run(feeds)).y;
      await session.release();
    } catch (error) {
      problems.add(`onnxruntime: ${error.message.slice(-160)}`);
      continue;
    }
    const model = await load(bytes);
    const { y } = await model.run(Object.fromEntries(fed));
    model.dispose();
    if (y.type !== expected.type || y.dims.join() !== expected.dims.join())
      problems.add(`${y.type} [${y.dims}], not ${expected.type} [${expected.dims}]`);
    else compare(ours, y.data, expected.data);
    if (kind === 'QLinearAdd' || kind === 'QLinearMul') compare(defined, definition(kind, spec.inputs), y.data);
  }
  console.log(`${kind}: ${shown(ours)}`, ...problems);
  if (defined.of) console.log(`  against the definition ${shown(defined)}`);
}
