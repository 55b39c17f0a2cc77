import { checkAborted } from './abort.ts';
import { checkOperators, type FindOperator, namesRead, operatorFinder } from './compiler/bind.ts';
import { compile } from './compiler/compile.ts';
import { LanewiseError } from './errors.ts';
import { type ExternalData, isExternalData, readExternal } from './external.ts';
import { openOnnx } from './formats/onnx/index.ts';
import { checkDims } from './graph/dims.ts';
import type { Dim, Graph } from './graph/graph.ts';
import type { DataType } from './graph/tensor.ts';
import type { CustomOperator } from './ops/custom.ts';
import { type Binary, Model, type PlanSource } from './runtime/model.ts';
import { findThreads, MOST_THREADS } from './runtime/threads.ts';
import { chooseVariant, compileModule } from './runtime/wasm.ts';
import { openSource, type Source, sourceName } from './source.ts';

export interface LoadOptions {
  /** The shape of inputs whose dimensions the model leaves open; the model then takes no other. An open batch is 1 at first where nothing is said. */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>>;
  /** Relaxed SIMD: faster, but results may differ between machines. Default false. */
  readonly relaxed?: boolean | 'auto';
  /**
   * Whether convolutions of 3×3 and 5×5 may run by Winograd's algorithm where it is faster. It rounds a little less exactly, relative to the largest
   * numbers nearby: infinities, NaN and numbers near float32's limit (1e38) reach a whole tile of up to 4×4 outputs. Default true.
   */
  readonly winograd?: boolean;
  /**
   * How many threads run the model, 1 where nothing is said; 'auto': as many as the machine has cores, 8 at most. Threads are workers that share
   * memory, so a page has to be cross-origin isolated (COOP and COEP); elsewhere one worker runs it. Any number gives the same bits.
   */
  readonly threads?: number | 'auto';
  /** Whether one thread, too, is a worker, so that `run` leaves the caller's free. Default false. */
  readonly worker?: boolean;
  /** The binary, compiled already, for places that forbid compiling. `relaxed` and `threads` then say which one it is. */
  readonly wasm?: WebAssembly.Module;
  /** Most bytes of activations and scratch space, 768 MiB where nothing is said: a guard against shapes that are a mistake. */
  readonly memoryLimit?: number;
  /**
   * Files in which the model keeps data ("external data"), by the path by which it names them. Files that are not given are read from beside
   * the model, where it comes from a path, a URL or a Response that has one. Like the model, they are not copied.
   */
  readonly externalData?: ExternalData;
  /** Operators of your own, made by `defineOp`, for the nodes of their domain and name. They stand in for ONNX's where they have such a name. */
  readonly operators?: readonly CustomOperator[];
  readonly signal?: AbortSignal;
}

/**
 * Loads a model.
 * @param source an ONNX file: path (in Node), URL, Response, ArrayBuffer or typed array; bytes that are given are not copied, so leave
 *   them as they are for as long as the model lives
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_FILE, TRUNCATED_FILE, INVALID_MODEL, UNSUPPORTED (naming every operator that is),
 *   INVALID_INPUT (the options), OPERATOR_FAILED (by the operators' own errors), TOO_LARGE, NO_SIMD, WASM_BLOCKED, ABORTED
 */
export async function load(source: Source, options: LoadOptions = {}): Promise<Model> {
  checkOptions(options);
  // The binary compiles while the file is read.
  const compiling = startCompiling(options);
  const bytes = await openSource(source, options.signal);
  const opened = openOnnx(bytes, sourceName(source));
  const files = opened.external.size ? await readExternal(opened, source, options.externalData, options.signal) : undefined;
  return createModel(opened.graph(files), options, compiling);
}

/**
 * A model of a graph that was read or built: what `load` does after reading.
 * @internal
 */
export async function createModel(graph: Graph, options: LoadOptions = {}, compiling = startCompiling(options)): Promise<Model> {
  checkOperators(graph, options.operators);
  const binary = await compiling;
  checkAborted(options.signal);
  return new Model(planSource(graph, options, binary.threads?.count), binary, initialDims(graph, options));
}

/**
 * Starts compiling the binary. What goes wrong is reported by `createModel`, which awaits it.
 * @internal
 */
export function startCompiling(options: LoadOptions): Promise<Binary> {
  const compiling = compileFor(options);
  compiling.catch(() => {});
  return compiling;
}

async function compileFor({ threads: count = 1, worker = false, relaxed = false, wasm }: LoadOptions): Promise<Binary> {
  const threads = count === 1 && !worker ? undefined : await findThreads(count);
  const variant = chooseVariant(relaxed, threads !== undefined && !threads.openRemote);
  return { module: wasm ?? (await compileModule(variant)), variant, threads };
}

/**
 * @throws LanewiseError INVALID_INPUT for an option of the wrong kind
 * @internal
 */
export function checkOptions(options: LoadOptions): void {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  const wrong = (name: string, expected: string) => new LanewiseError('INVALID_INPUT', `option ${name} takes ${expected}`);
  if (!isObject(options)) throw new LanewiseError('INVALID_INPUT', 'the options are an object, or left out');
  const { relaxed, winograd, threads, worker, wasm, memoryLimit, inputShapes, externalData, signal } = options;
  if (relaxed !== undefined && typeof relaxed !== 'boolean' && relaxed !== 'auto') throw wrong('relaxed', "true, false or 'auto'");
  if (winograd !== undefined && typeof winograd !== 'boolean') throw wrong('winograd', 'true or false');
  if (threads !== undefined && threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw wrong('threads', `a whole number from 1 to ${MOST_THREADS}, or 'auto'`);
  }
  if (worker !== undefined && typeof worker !== 'boolean') throw wrong('worker', 'true or false');
  if (memoryLimit !== undefined && !(typeof memoryLimit === 'number' && memoryLimit >= 0)) throw wrong('memoryLimit', 'bytes, from 0 on');
  if (inputShapes !== undefined && !(isObject(inputShapes) && Object.values(inputShapes).every(Array.isArray))) {
    throw wrong('inputShapes', 'an object of shapes by input name, each a list of dimensions');
  }
  if (externalData !== undefined && !isExternalData(externalData)) {
    throw wrong('externalData', 'an object of Uint8Arrays or ArrayBuffers by file name');
  }
  operatorFinder(options.operators);
  if (signal !== undefined && !isObject(signal)) throw wrong('signal', 'an AbortSignal');
  const isKernels = (module: WebAssembly.Module) => WebAssembly.Module.exports(module).some(({ name }) => name === 'run');
  if (wasm !== undefined && !(wasm instanceof WebAssembly.Module && isKernels(wasm))) {
    throw wrong('wasm', 'a WebAssembly.Module compiled from lanewise/wasm/strict.wasm or another of its kind');
  }
}

/**
 * Plans of a graph, made by the compiler.
 * @internal
 */
export function planSource(
  graph: Graph,
  { memoryLimit, inputShapes = {}, operators, winograd }: LoadOptions,
  threads?: number,
): PlanSource {
  const read = namesRead(graph);
  return {
    inputs: graph.inputs.map((input) => ({ ...input, dims: [...(given(inputShapes, input.name) ?? input.dims)] })),
    outputs: graph.outputs.map(({ name, type = 'float32', dims }) => (dims ? { name, type, dims } : { name, type })),
    shapingInputs: shapingInputs(graph, operatorFinder(operators)),
    unreadInputs: new Set(graph.inputs.map(({ name }) => name).filter((name) => !read.has(name))),
    plan: (dims, values) => compile(graph, { dims, values, memoryLimit, operators, winograd, threads }),
  };
}

/** Element types of inputs that may shape a network by way of other nodes; a picture may not, or every picture would be a plan. */
const shapingTypes: ReadonlySet<DataType> = new Set<DataType>(['int64', 'int32', 'bool']);

/** The inputs that the plan must know: Reshape's shape, say, or what it is computed from. */
function shapingInputs(graph: Graph, find: FindOperator): Set<string> {
  const inputs = new Map(graph.inputs.map(({ name, type }) => [name, type]));
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const found = new Set<string>();
  const visited = new Set<string>();
  const visit = (name: string, direct: boolean): void => {
    const type = inputs.get(name);
    if (type && (direct || shapingTypes.has(type))) found.add(name);
    const producer = producers.get(name);
    if (!producer || visited.has(name)) return;
    visited.add(name);
    const op = find(producer);
    // What cannot be computed while the plan is made shapes nothing.
    if (op?.evaluate && !op.shapeOnly) for (const input of producer.inputs) visit(input, false);
  };
  for (const node of graph.nodes) {
    for (const i of find(node)?.constantInputs ?? []) visit(node.inputs[i] ?? '', true);
  }
  return found;
}

/**
 * The shape of every input: as the options say, as the file says, 1 for an open batch. Undefined where another dimension is open.
 * @internal
 */
export function initialDims(graph: Graph, { inputShapes = {} }: LoadOptions): Map<string, readonly number[]> | undefined {
  for (const name of Object.keys(inputShapes)) {
    if (!graph.inputs.some((input) => input.name === name)) {
      const names = graph.inputs.map((input) => `'${input.name}'`).join(', ');
      throw new LanewiseError('INVALID_INPUT', `inputShapes names '${name}'; the model's inputs are ${names}`);
    }
  }
  // What nobody reads needs no shape.
  const read = namesRead(graph);
  const shapes = graph.inputs
    .filter(({ name }) => read.has(name))
    .map(({ name, dims }): [string, readonly Dim[]] => {
      const shape = given(inputShapes, name);
      if (shape) checkDims(name, dims, shape);
      return [name, shape ?? dims.map((dim, i) => (i === 0 && typeof dim === 'string' ? 1 : dim))];
    });
  const open = shapes.some(([, dims]) => dims.some((dim) => typeof dim === 'string'));
  return open ? undefined : new Map(shapes as [string, readonly number[]][]);
}

/** An option by input name; a name may be one that every object has. */
const given = <T>(options: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(options, name) ? options[name] : undefined;
