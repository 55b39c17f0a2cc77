import { neededPack, operatorFinder } from '../../src/compiler/bind.ts';
import { type CompileOptions, compile } from '../../src/compiler/compile.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { type Pack, packOf } from '../../src/plan/packs.ts';
import type { Buffer as Place } from '../../src/plan/place.ts';
import { isHost, type Plan } from '../../src/plan/plan.ts';
import { addBinaries as addQuantizedBinaries } from '../../src/quantized/binaries.ts';
import { chooseVariant, compileModule, type Variant } from '../../src/runtime/wasm.ts';
import { addBinaries } from '../../src/training/binaries.ts';
import { array, maxError, type NdArray, sizeOf } from '../reference/index.ts';
import { skip } from '../skip.ts';
import { constantOf, graphOf } from './graph.ts';
import { finished } from './late.ts';
import { CANARY, Runner } from './threads.ts';

/** The binaries that this engine can run. */
export const variants: readonly ('strict' | 'relaxed')[] = chooseVariant('auto') === 'relaxed' ? ['strict', 'relaxed'] : ['strict'];

/** Odd, so that parts are not even. */
const THREADS = 3;

addBinaries();
addQuantizedBinaries();
const packs = ['core', 'more', 'quantized', 'training', 'training-more'] as const;
const modules = new Map(
  await Promise.all(
    [...variants, ...variants.map((variant) => `${variant}-threads` as const)].flatMap((variant) =>
      packs
        .filter((pack) => pack === 'core' || pack === 'more' || variant.startsWith('strict'))
        .map(async (pack) => [`${variant} ${pack}`, await compileModule(variant, pack)] as const),
    ),
  ),
);

/** A binary, with all kernels unless only the core's are wanted. */
export function moduleOf(variant: Variant, pack: Pack = 'more'): WebAssembly.Module {
  const module = modules.get(`${variant} ${pack}`);
  if (!module) throw new Error(`this engine cannot run the ${variant} binary`);
  return module;
}

const alone = new Runner(1);
const together = new Runner(THREADS);
afterAll(() => together.end());

/** The same tests for every binary; where the engine has no relaxed SIMD, a skipped test says so. */
export function eachVariant(tests: (variant: Variant) => void): void {
  for (const variant of variants) describe(variant, () => tests(variant));
  if (!variants.includes('relaxed')) skip('the relaxed binary', 'this engine has no relaxed SIMD');
}

export interface NodeCase {
  op: string;
  /** 13 where left out. */
  opset?: number;
  /** Undefined ones are left out. */
  attributes?: Record<string, Attribute | undefined>;
  /** Undefined is an optional input that is left out. */
  inputs: (NdArray | undefined)[];
  /** Indices of the inputs that are initializers; the others are fed. */
  constants?: readonly number[];
  variant?: Variant;
  winograd?: CompileOptions['winograd'];
}

/** The output of one node. */
export function runNode({ op, opset = 13, attributes = {}, inputs, constants = [], variant = 'strict', winograd }: NodeCase): NdArray {
  const present = inputs.flatMap((value, i) => (value ? [{ name: `input${i}`, value, constant: constants.includes(i) }] : []));
  const fed = present.filter(({ constant }) => !constant);
  const graph = graphOf({
    opset,
    inputs: Object.fromEntries(fed.map(({ name, value }) => [name, value.dims])),
    constants: Object.fromEntries(present.filter(({ constant }) => constant).map(({ name, value }) => [name, value])),
    nodes: [{ op, attributes, inputs: inputs.map((value, i) => (value ? `input${i}` : '')) }],
  });
  return runGraph(graph, Object.fromEntries(fed.map(({ name, value }) => [name, value])), { variant, winograd })[0] as NdArray;
}

export interface RunOptions extends Pick<CompileOptions, 'maxPasses' | 'memoryLimit' | 'inPlace' | 'winograd' | 'wanted'> {
  variant?: Variant;
}

/** The outputs of a graph, in its order. The passes are verified and the memory is watched. */
export function runGraph(graph: Graph, feeds: Record<string, NdArray>, { variant = 'strict', ...options }: RunOptions = {}): NdArray[] {
  const dims = new Map(Object.entries(feeds).map(([name, value]) => [name, value.dims]));
  const plan = compile(graph, { ...options, dims, verify });
  expectPack(graph, plan);
  return runPlan(plan, feeds, variant);
}

export interface TypedCase extends Omit<NodeCase, 'inputs'> {
  inputs: readonly (Tensor | undefined)[];
  /** How many outputs; 1 where left out. */
  outputs?: number;
}

/** The outputs of one node that takes tensors of any type. */
export function runTyped({
  op,
  opset = 13,
  attributes = {},
  inputs,
  constants = [],
  outputs = 1,
  variant = 'strict',
}: TypedCase): Tensor[] {
  const present = inputs.flatMap((value, i) => (value ? [{ name: `input${i}`, value, constant: constants.includes(i) }] : []));
  const fed = Object.fromEntries(present.flatMap(({ name, value, constant }) => (constant ? [] : [[name, value as Tensor<DataType>]])));
  const names = Array.from({ length: outputs }, (_, i) => `output${i}`);
  const graph = graphOf({
    opset,
    inputs: fed,
    constants: Object.fromEntries(present.flatMap(({ name, value, constant }) => (constant ? [[name, constantOf(name, value)]] : []))),
    nodes: [{ op, attributes, inputs: inputs.map((value, i) => (value ? `input${i}` : '')), outputs: names }],
    outputs: names,
  });
  return runTensors(graph, fed, { variant });
}

/** The outputs of a graph, in its order, of any type; nodes whose sizes only a run tells run as well. */
export function runTensors(graph: Graph, feeds: Record<string, Tensor>, { variant = 'strict', ...options }: RunOptions = {}): Tensor[] {
  const dims = new Map(Object.entries(feeds).map(([name, value]) => [name, value.dims]));
  const plan = compile(graph, { ...options, dims, verify });
  expectPack(graph, plan);
  const results = execute(plan, feeds, variant);
  const made = plan.outputs.map(({ name }, i): [string, Tensor] => [name, results[i] as Tensor]);
  return finished(graph, plan, new Map([...Object.entries(feeds), ...made]), (late, given) =>
    execute(late, Object.fromEntries(late.inputs.map(({ name }, i) => [name, given[i] as Tensor])), variant).map(({ data }) => data),
  );
}

/** What is decided at load, from the operators alone, is enough for every plan. */
function expectPack(graph: Graph, plan: Plan): void {
  if (packOf(plan.steps) === 'more') expect(neededPack(graph, operatorFinder())).toBe('more');
}

/** The outputs of a plan. As in `runGraph`, the memory is watched. */
export function runPlan(plan: Plan, feeds: Record<string, NdArray>, variant: Variant = 'strict'): NdArray[] {
  return execute(plan, feeds, variant).map(({ dims, data }) =>
    array(dims, data instanceof Float32Array ? data : Float64Array.from(data as never, Number)),
  );
}

type Feeds = Record<string, { readonly data: ArrayLike<number> | ArrayLike<bigint> }>;

/** The outputs of a plan, on one thread and, with the same bits, on three. @throws Error as `runWatched` does */
function execute(plan: Plan, feeds: Feeds, variant: Variant): Tensor[] {
  const outputs = runWatched(plan, feeds, variant);
  for (const [i, output] of runWatched(plan, feeds, `${variant as 'strict'}-threads`).entries()) {
    if (Buffer.compare(bytesOf(output), bytesOf(outputs[i] as Tensor)) !== 0)
      throw new Error(`${THREADS} threads give other bits for output ${i} than one`);
  }
  return outputs;
}

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** What was in memory before a run: kept, for fresh memory is dear. */
let snapshot = new Uint8Array();

/**
 * Runs a plan, on three threads where the binary has them, in memory full of NaN: what a kernel reads without anybody having written it turns into NaN in the results.
 * @throws Error where a byte outside the plan's own buffers has changed
 */
export function runWatched(plan: Plan, feeds: Feeds, variant: Variant): Tensor[] {
  const runner = variant.endsWith('-threads') ? together : alone;
  const engine = runner.engine(moduleOf(variant, packOf(plan.steps)));
  engine.use(plan);
  const addressOf = (buffer: Place) => engine.view({ buffer, offset: 0 }, 0).byteOffset;
  const { buffer } = engine.view({ buffer: { region: 'arena', bytes: 0, offset: 0 }, offset: 0 }, 0);
  const words = new Uint32Array(buffer);
  // Address 0 means absent: nobody reads or writes there, but threads that meet.
  if (runner === alone) words.fill(CANARY, 0, 64 / 4);
  for (const { name, type, dims, pointer } of plan.inputs) {
    const values = feeds[name];
    if (!values) throw new Error(`no value for '${name}'`);
    engine.view(pointer, sizeOf(dims), type).set(values.data as never);
  }
  const bytes = new Uint8Array(buffer);
  if (snapshot.length < bytes.length) snapshot = new Uint8Array(bytes.length);
  const before = snapshot.subarray(0, bytes.length);
  before.set(bytes);

  engine.run();

  const own = [...arenaBuffers(plan), ...stateBuffers(plan)].map(
    (buffer) => [addressOf(buffer), addressOf(buffer) + buffer.bytes] as const,
  );
  for (const [from, to] of [...own, ...runner.own()]) before.set(bytes.subarray(from, to), from);
  if (Buffer.compare(before, bytes) !== 0) {
    throw new Error(`byte ${before.findIndex((byte, i) => byte !== bytes[i])}, which belongs to no buffer of the plan's, has changed`);
  }
  return plan.outputs.map(({ type, dims, pointer }) => new Tensor(type, engine.view(pointer, sizeOf(dims), type).slice() as never, dims));
}

/** Where programs may write although it is no arena: see Value.state. */
const stateBuffers = ({ residents }: Plan): Place[] =>
  residents.filter(({ key }) => key.startsWith('["state"')).map(({ buffer }) => buffer);

function arenaBuffers({ inputs, outputs, steps }: Plan): Place[] {
  const words = steps.flatMap((step) =>
    isHost(step) ? [...step.inputs, ...step.outputs].flatMap((span) => span?.pointer ?? []) : Object.values(step.args),
  );
  const pointers = words.flatMap((word) => (typeof word === 'object' && 'buffer' in word ? [word] : []));
  const buffers = [...inputs.map(({ pointer }) => pointer), ...outputs.map(({ pointer }) => pointer), ...pointers].map(
    ({ buffer }) => buffer,
  );
  return [...new Set(buffers)].filter(({ region }) => region === 'arena');
}

/**
 * Checks a node with its `constants` as initializers, which are packed at load, and as inputs, which are packed at run time.
 * @param tolerance largest absolute difference
 */
export function expectNode(node: NodeCase, expected: NdArray, tolerance: number): void {
  const ways = node.constants?.length ? [node.constants, []] : [[]];
  for (const constants of ways) {
    const actual = runNode({ ...node, constants });
    expectClose(actual, expected, tolerance);
  }
}

const sameDims = (a: { readonly dims: readonly number[] } | undefined, b: { readonly dims: readonly number[] }): boolean =>
  a?.dims.length === b.dims.length && a.dims.every((dim, i) => dim === b.dims[i]);

/** The same type, dims and elements, bit by bit but that all NaNs are one. */
export function expectTensor(actual: Tensor | undefined, expected: Tensor): void {
  const data: ArrayLike<unknown> | undefined = actual?.data;
  const same = data?.length === expected.data.length && expected.data.every((value, i) => Object.is(value, data[i]));
  if (same && actual?.type === expected.type && sameDims(actual, expected)) return;
  expect(actual?.dims).toEqual(expected.dims);
  expect(actual?.type).toBe(expected.type);
  expect(actual?.data).toEqual(expected.data);
}

export function expectClose(actual: NdArray, expected: NdArray, tolerance: number): void {
  // Asking jest takes longer than most kernels do.
  if (!sameDims(actual, expected)) expect(actual.dims).toEqual(expected.dims);
  const error = maxError(actual.data, expected);
  if (!(error <= tolerance)) expect(error).toBeLessThanOrEqual(tolerance);
}

/** Half a unit in the last place of 1 in float32: the relative error of one rounding. */
export const ROUNDING = 2 ** -24;

/**
 * How far a sum of `depth` products of numbers in [-1, 1], and a bias, may be from the exact one. Such sums are about
 * sqrt(depth) / 3 large; every one of the roundings on the way takes or adds up to ROUNDING of that, at random.
 */
export const sumTolerance = (depth: number): number => ROUNDING * Math.sqrt(depth) * (2 + Math.sqrt(depth));
