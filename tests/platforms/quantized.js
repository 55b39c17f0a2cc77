// Runs unchanged on every platform: a network of bytes and one that is half of floats, cold and when the engine has optimised them, and the hash
// of their outputs.

const RUNS = 40;

/** run(a, b): i32x4.relaxed_dot_i8x16_i7x16_add_s of the byte a and the byte b, all lanes alike. */
const DOTS = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 114, 117, 110, 0, 0, 10, 22, 1, 20, 0, 32, 0, 253,
  15, 32, 1, 253, 15, 65, 0, 253, 17, 253, 147, 2, 253, 27, 0, 11,
];
/** The slowest engine known, that of Node 20, compiles a second time after 315,000 calls. */
const CALLS = 1_000_000;

/**
 * Runs the network. The bits must be the same whichever binary the engine takes.
 * @param {object} lanewise what `lanewise` and `lanewise/formats` export
 * @param {object} [options] for `load`: `{ threads }`
 * @returns {Promise<{ hash: string, warmMs: number, threads: number, note: string }>}
 */
export async function runQuantized(lanewise, options = {}) {
  const binaries = watchCompiling();
  const dots = tryDots();
  const [whole, half] = [await runNetwork(lanewise, network(), options), await runNetwork(lanewise, network(true), options)];
  if (binaries.has('relaxed') && dots !== 'are exact') throw new Error(`it takes relaxed dots, which ${dots}`);
  return {
    ...whole,
    hash: `${whole.hash} ${half.hash}`,
    note: `${[...binaries].join(' and ') || 'given'} dots; relaxed ones ${dots}`,
  };
}

/** What relaxed dots of 255s and ±127, and of other ends of bytes, are here: cold, and as the engine compiles what is called often. */
function tryDots() {
  let run;
  try {
    ({ run } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(DOTS))).exports);
  } catch (error) {
    return error instanceof WebAssembly.CompileError ? 'are unknown to this engine, or forbidden' : 'cannot be tried';
  }
  const pairs = [
    [127, 255],
    [-127, 255],
    [-127, 128],
    [-128, 255],
  ];
  const areAll = (expected) => pairs.every(([weight, byte]) => run(weight, byte) === expected(weight, byte));
  const clamp = (sum) => Math.max(-32768, Math.min(sum, 32767));
  const kind = () => {
    if (areAll((weight, byte) => 4 * weight * byte)) return 'are exact';
    if (areAll((weight, byte) => 2 * clamp(2 * weight * byte))) return 'saturate';
    if (areAll((weight, byte) => 4 * weight * (byte - 256))) return 'take bytes from 128 on as negative';
    return `are wrong: ${pairs.map(([weight, byte]) => `${weight} by ${byte} gives ${run(weight, byte)}`).join(', ')}`;
  };
  const cold = kind();
  for (let i = 0; i < CALLS; i++) run(127, 255);
  const warm = kind();
  return cold === warm ? cold : `${cold} at first, and ${warm} later`;
}

/** What kinds of dots the binaries have that are compiled from now on. */
function watchCompiling() {
  const kinds = new Set();
  const { compile } = WebAssembly;
  WebAssembly.compile = async (bytes) => {
    const module = await compile.call(WebAssembly, bytes);
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    if (names.includes('quantized')) kinds.add(names.includes('dots') ? 'relaxed' : 'strict');
    return module;
  };
  return kinds;
}

async function runNetwork({ load, Tensor, writeOnnx }, graph, options) {
  const model = await load(writeOnnx(graph), options);
  const random = generator(1);
  const x = new Tensor(
    'float32',
    Float32Array.from({ length: 2 * 3 * 61 * 63 }, () => 4 * random() - 2),
    [2, 3, 61, 63],
  );
  const hashes = new Set();
  let warmMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    const { bytes, floats } = await model.run({ x });
    warmMs = Math.min(warmMs, performance.now() - start);
    hashes.add(await hashOf([bytes, floats]));
  }
  if (hashes.size > 1) throw new Error(`${RUNS} runs give ${hashes.size} different results`);
  const { threads } = model;
  model.dispose();
  return { hash: [...hashes][0], warmMs, threads };
}

async function hashOf(outputs) {
  const all = outputs.flatMap(({ dims, data }) => [
    ...new TextEncoder().encode(`${dims} `),
    ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(all));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Numbers from 0 to 1 that are the same everywhere. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/**
 * All kinds of convolutions over the whole range of bytes, with weights at both ends of theirs.
 * @param half whether a convolution and a sigmoid of floats lie between
 */
function network(half = false) {
  const random = generator(7);
  const constants = new Map();
  const constant = (name, type, data, dims) => constants.set(name, { name, type, dims, read: () => data });
  const nodes = [];
  const node = (op, inputs, output, attributes = {}) =>
    nodes.push({ op, domain: '', name: output, inputs, outputs: [output], attributes: new Map(Object.entries(attributes)) });
  constant('scale', 'float32', Float32Array.of(0.017), []);
  constant('zero', 'uint8', Uint8Array.of(117), []);
  node('QuantizeLinear', ['x', 'scale', 'zero'], 'y0');
  let channels = 3;
  const conv = (filters, kernel, stride = 1, group = 1) => {
    const at = nodes.length;
    const depth = (channels / group) * kernel * kernel;
    const weights = Int8Array.from({ length: filters * depth }, () => {
      const w = random();
      return w < 0.1 ? -128 : w < 0.2 ? 127 : Math.floor(255 * random()) - 127;
    });
    constant(`w${at}`, 'int8', weights, [filters, channels / group, kernel, kernel]);
    constant(
      `s${at}`,
      'float32',
      Float32Array.from({ length: filters }, () => (0.5 + random()) / (70 * Math.sqrt(depth))),
      [filters],
    );
    constant(`z${at}`, 'int8', new Int8Array(filters), [filters]);
    constant(
      `b${at}`,
      'int32',
      Int32Array.from({ length: filters }, () => Math.floor(4000 * random()) - 2000),
      [filters],
    );
    const pad = BigInt(kernel >> 1);
    const attributes = { group: BigInt(group), strides: [BigInt(stride), BigInt(stride)], pads: [pad, pad, pad, pad] };
    node('QLinearConv', [`y${at - 1}`, 'scale', 'zero', `w${at}`, `s${at}`, `z${at}`, 'scale', 'zero', `b${at}`], `y${at}`, attributes);
    channels = filters;
  };
  conv(20, 7, 2);
  conv(20, 3, 1, 20);
  conv(53, 1);
  conv(53, 5, 2, 53);
  conv(64, 3);
  if (half) {
    const at = nodes.length;
    constant(
      'floatWeights',
      'float32',
      Float32Array.from({ length: 64 * 64 * 9 }, () => (random() - 0.5) / 8),
      [64, 64, 3, 3],
    );
    node('DequantizeLinear', [`y${at - 1}`, 'scale', 'zero'], 'before');
    node('Conv', ['before', 'floatWeights'], 'convolved', { pads: [1n, 1n, 1n, 1n] });
    node('Sigmoid', ['convolved'], 'gate');
    node('QuantizeLinear', ['gate', 'scale', 'zero'], `y${at + 3}`);
  }
  conv(64, 3);
  conv(96, 3, 2, 4);
  conv(33, 1);
  const last = `y${nodes.length - 1}`;
  for (const n of nodes) if (n.outputs[0] === last) n.outputs[0] = 'bytes';
  node('DequantizeLinear', ['bytes', 'scale', 'zero'], 'floats');
  return {
    name: 'quantized',
    inputs: [{ name: 'x', type: 'float32', dims: [2, 3, 61, 63] }],
    outputs: [
      { name: 'bytes', type: 'uint8' },
      { name: 'floats', type: 'float32' },
    ],
    nodes,
    constants,
    opsets: new Map([['', 13]]),
    metadata: new Map(),
  };
}
