import { neededPack, operatorFinder } from '../../src/compiler/bind.ts';
import { type CompileOptions, compile } from '../../src/compiler/compile.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { type Pack, packOf } from '../../src/plan/packs.ts';
import type { Buffer } from '../../src/plan/place.ts';
import { isHost, type Plan } from '../../src/plan/plan.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { Team } from '../../src/runtime/team.ts';
import { teamRunner } from '../../src/runtime/teamMemory.ts';
import { chooseVariant, compileModule, type Variant } from '../../src/runtime/wasm.ts';
import { array, maxError, type NdArray, sizeOf } from '../reference/index.ts';
import { skip } from '../skip.ts';
import { constantOf, graphOf } from './graph.ts';
import { finished } from './late.ts';

/** The binaries that this engine can run. */
export const variants: readonly Variant[] = chooseVariant('auto') === 'relaxed' ? ['strict', 'relaxed'] : ['strict'];

const packs = ['core', 'more'] as const;
const modules = new Map(
  await Promise.all(
    ([...variants, 'strict-threads'] as const).flatMap((variant) =>
      packs.map(async (pack) => [`${variant} ${pack}`, await compileModule(variant, pack)] as const),
    ),
  ),
);

const team = Team.shared();
/** Odd, so that parts are not even. */
const THREADS = 3;

/** A binary, with all kernels unless only the core's are wanted. */
export function moduleOf(variant: Variant, pack: Pack = 'more'): WebAssembly.Module {
  const module = modules.get(`${variant} ${pack}`);
  if (!module) throw new Error(`this engine cannot run the ${variant} binary`);
  return module;
}

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

export interface RunOptions extends Pick<CompileOptions, 'maxPasses' | 'memoryLimit' | 'inPlace' | 'winograd'> {
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

/** A quiet NaN that no kernel computes. */
const CANARY = 0x7fc5a5a5;

/** The outputs of a plan. As in `runGraph`, the memory is watched. */
export function runPlan(plan: Plan, feeds: Record<string, NdArray>, variant: Variant = 'strict'): NdArray[] {
  return execute(plan, feeds, variant).map(({ dims, data }) => array(dims, Float64Array.from(data as Float32Array, Number)));
}

/**
 * Runs a plan in memory full of NaN: what a kernel reads without anybody having written it turns into NaN in the results.
 * @throws Error where a byte outside the plan's own buffers has changed
 */
function execute(plan: Plan, feeds: Record<string, NdArray | Tensor>, variant: Variant): Tensor[] {
  const engine = new Engine(moduleOf(variant, packOf(plan.steps)));
  engine.use(plan);
  const addressOf = (buffer: Buffer) => engine.view({ buffer, offset: 0 }, 0).byteOffset;
  const arena = engine.view({ buffer: { region: 'arena', bytes: 0, offset: 0 }, offset: 0 }, 0);
  const words = new Uint32Array(arena.buffer);
  words.fill(CANARY, arena.byteOffset / 4);
  // Address 0 means absent: nobody reads or writes there.
  words.fill(CANARY, 0, 64 / 4);
  for (const { buffer } of plan.residents) {
    const end = addressOf(buffer) + buffer.bytes;
    words.fill(CANARY, Math.ceil(end / 4), Math.ceil(end / 64) * 16);
  }
  for (const { name, type, dims, pointer } of plan.inputs) {
    const values = feeds[name];
    if (!values) throw new Error(`no value for '${name}'`);
    engine.view(pointer, sizeOf(dims), type).set(values.data as never);
  }
  const before = words.slice();

  engine.run();

  const own = arenaBuffers(plan).map((buffer) => ({ from: addressOf(buffer) / 4, to: Math.ceil((addressOf(buffer) + buffer.bytes) / 4) }));
  for (const { from, to } of own) before.set(words.subarray(from, to), from);
  for (let i = 0; i < words.length; i++) {
    if (words[i] !== before[i]) throw new Error(`the word at ${4 * i}, which belongs to no buffer of the plan's, has changed`);
  }
  const outputs = outputsOf(engine, plan);
  if (variant === 'strict') expectSameOnTeam(plan, feeds, outputs);
  return outputs;
}

const outputsOf = (engine: Engine, plan: Plan): Tensor[] =>
  plan.outputs.map(({ type, dims, pointer }) => new Tensor(type, engine.view(pointer, sizeOf(dims), type).slice() as never, dims));

/** Several threads give the same bits, in memory where what nobody has written is NaN. */
function expectSameOnTeam(plan: Plan, feeds: Record<string, NdArray | Tensor>, expected: readonly Tensor[]): void {
  const engine = new Engine(moduleOf('strict-threads', packOf(plan.steps)), teamRunner(team, THREADS));
  engine.use(plan);
  const arena = engine.view({ buffer: { region: 'arena', bytes: 0, offset: 0 }, offset: 0 }, 0);
  new Uint32Array(arena.buffer).fill(CANARY, arena.byteOffset / 4);
  for (const { name, type, dims, pointer } of plan.inputs) engine.view(pointer, sizeOf(dims), type).set(feeds[name]?.data as never);
  engine.run();
  const bytes = ({ data }: Tensor) => new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  for (const [i, output] of outputsOf(engine, plan).entries()) {
    if (bytes(output).join() !== bytes(expected[i] as Tensor).join())
      throw new Error(`${THREADS} threads give other bits for output ${i} than one`);
  }
  engine.dispose();
}

function arenaBuffers({ inputs, outputs, steps }: Plan): Buffer[] {
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

export function expectClose(actual: NdArray, expected: NdArray, tolerance: number): void {
  expect(actual.dims).toEqual(expected.dims);
  expect(maxError(actual.data, expected)).toBeLessThanOrEqual(tolerance);
}

/** Half a unit in the last place of 1 in float32: the relative error of one rounding. */
export const ROUNDING = 2 ** -24;

/**
 * How far a sum of `depth` products of numbers in [-1, 1], and a bias, may be from the exact one. Such sums are about
 * sqrt(depth) / 3 large; every one of the roundings on the way takes or adds up to ROUNDING of that, at random.
 */
export const sumTolerance = (depth: number): number => ROUNDING * Math.sqrt(depth) * (2 + Math.sqrt(depth));
