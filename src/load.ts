import { checkAborted } from './abort.ts';
import { checkOptions, flagCheck, isOptions, type OptionChecks } from './arguments.ts';
import { isCompiled } from './compiled/format.ts';
import { namesRead, neededPack, nodesWithout, operatorFinder, opsetOf, titleOf } from './compiler/bind.ts';
import { compile } from './compiler/compile.ts';
import { shapingInputs } from './compiler/shaping.ts';
import type { Stages } from './control/index.ts';
import { LanewiseError } from './errors.ts';
import type { ExternalData } from './external.ts';
import { type OpenedOnnx, openFetching } from './formats/onnx/open.ts';
import { checkDims } from './graph/dims.ts';
import { allNodes, type Dim, type Graph } from './graph/graph.ts';
import type { Narrowed } from './narrow.ts';
import type { CustomOperator } from './ops/custom.ts';
import { NEWEST_OPSET } from './ops/index.ts';
import { Model } from './runtime/model.ts';
import { type RuntimeOptions, runtimeChecks, startCompiling, withPack } from './runtime/options.ts';
import type { PlanSource } from './runtime/ports.ts';
import { isBytes, type Opened, openSource, type Source } from './source.ts';

/** How a model is compiled and run. */
export interface LoadOptions extends RuntimeOptions {
  /**
   * The shape of inputs whose dimensions the model leaves open; the model then takes no other. By default an open batch is 1
   * at first, if 1 fits.
   */
  readonly inputShapes?: Readonly<Record<string, readonly number[]>>;
  /**
   * Whether convolutions of 3×3 and 5×5 may run by Winograd's algorithm if that is faster. It rounds a little less exactly,
   * relative to the largest numbers nearby: infinities, NaN and outliers reach a whole tile of up to 4×4 outputs
   * (docs/performance.md, Accuracy). Default true.
   */
  readonly winograd?: boolean;
  /**
   * The most bytes for activations, scratch space and tables, and for constants that are computed at load. Default 768 MiB;
   * large files add to it. A guard against shapes that are a mistake.
   */
  readonly memoryLimit?: number;
  /**
   * Files in which the model keeps data ("external data"), by the path that the model gives them. Other files are read from
   * beside the model, if it comes from a path, a URL or a Response that has one. Like the model, they are not copied.
   */
  readonly externalData?: ExternalData;
  /**
   * Operators of your own, made by `defineOp`, for the nodes of their domain and name. They replace an operator of ONNX with
   * the same domain and name.
   */
  readonly operators?: readonly CustomOperator[];
}

/** @internal */
export const loadChecks: OptionChecks<LoadOptions> = {
  ...runtimeChecks,
  inputShapes: ['an object of shapes by input name, each a list of dimensions', isRecordOf(Array.isArray)],
  winograd: flagCheck,
  memoryLimit: ['bytes, from 0 on', (value) => typeof value === 'number' && value >= 0],
  externalData: ['an object of Uint8Arrays or ArrayBuffers by file name', isRecordOf(isBytes)],
  operators: ['a list of what defineOp gives', Array.isArray],
};

function isRecordOf(fits: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isOptions(value) && Object.values(value).every(fits);
}

/**
 * Loads a model: reads it, makes a plan for its shapes, packs the weights. Then `run` runs it.
 * @param source an ONNX file, or a compiled model: path (in Node), URL, Response, Blob, File, ReadableStream, ArrayBuffer or
 *   typed array, or a promise of one; bytes are not copied, so leave them unchanged for as long as the model lives
 * @param options shapes of inputs, threads, limits, operators of your own, a signal, who is told of progress
 * @returns the model; `dispose` gives its memory back
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_FILE, TRUNCATED_FILE, INVALID_MODEL, UNSUPPORTED (naming every such
 *   operator), INVALID_INPUT (the options), OPERATOR_FAILED (by the operators' own errors), TOO_LARGE, NO_SIMD,
 *   WASM_BLOCKED, ABORTED; and what `onProgress` throws
 * @example
 * import { load, Tensor } from 'lanewise';
 *
 * const model = await load('model.onnx'); // or a URL, fetch(...), a File, bytes
 * const pixels = new Float32Array(3 * 32 * 32);
 * const { output } = await model.run({ input: new Tensor('float32', pixels, [1, 3, 32, 32]) });
 * output?.dims; // [1, 10]
 * model.dispose();
 */
export async function load<N extends string = string>(source: Source, options: LoadOptions = {}): Promise<Model<N>> {
  checkOptions('load', options, loadChecks);
  // The binary compiles while the file is read.
  const compiling = startCompiling(options);
  const opened = await openSource(source, options);
  const { bytes, name } = opened;
  if (isCompiled(bytes)) {
    checkOptions(`${name}, which is compiled already,`, options, runtimeChecks);
    const { createCompiled, readCompiled } = await import('./compiled/read.ts');
    return createCompiled(await readCompiled(bytes, name), options, compiling);
  }
  return createModel(await graphOf(opened, options), options, compiling);
}

/**
 * The graph of an ONNX file.
 * @throws LanewiseError as `load`
 * @internal
 */
export const readGraph = async (source: Source, options: LoadOptions): Promise<Graph> =>
  graphOf(await openSource(source, options), options);

async function graphOf(file: Opened, options: LoadOptions): Promise<Graph> {
  const { bytes, name } = file;
  const { externalData, operators } = options;
  let opened: OpenedOnnx;
  try {
    opened = await openFetching(bytes, name, () => operators && operatorFinder(operators));
  } catch (error) {
    throw await import('./formats/unrecognised.ts').then(
      ({ identified }) => identified(error, bytes),
      () => error,
    );
  }
  if (opened.external.size === 0 && !externalData) return opened.graph();
  const { readExternal } = await import('./external.ts');
  return opened.graph(await readExternal(opened, file, options));
}

/**
 * A model of a graph that was read or built: the part of `load` after reading.
 * @internal
 */
export async function createModel<N extends string = string>(
  given: Graph,
  options: LoadOptions = {},
  compiling = startCompiling(options),
): Promise<Model<N>> {
  const control = await prepareOperators(given, options.operators);
  const { graph, warnings } = await fitted(given, options);
  const binary = await withPack(compiling, neededPack(graph, operatorFinder(options.operators)), options);
  checkAborted(options.signal);
  const source = planSource(graph, options, binary.runner?.count, control?.Stages);
  const plans = { ...source, warnings: [...(source.warnings ?? []), ...warnings] };
  try {
    return new Model(plans, binary, initialDims(graph, options));
  } catch (error) {
    // The open batch was planned as 1, so it is to blame if another batch makes no error, or a different one.
    const [one, other] = [1, OTHER_BATCH].map((batch) => planError(plans, initialDims(graph, options, batch)));
    if (!one || one.message === other?.message) throw error;
    return new Model(plans, binary, undefined);
  }
}

/**
 * Fetches the rare operators that a graph needs.
 * @returns what runs control flow, if the graph may have some
 * @throws LanewiseError UNSUPPORTED, listing all that do not run; INVALID_INPUT as `operatorFinder`
 * @internal
 */
export async function prepareOperators(
  graph: Graph,
  custom?: LoadOptions['operators'],
): Promise<typeof import('./control/index.ts') | undefined> {
  const find = operatorFinder(custom);
  const opset = opsetOf(graph);
  const nodes = [...allNodes(graph)];
  const listed = graph.inputs.some(({ list }) => list) || nodes.some(({ captures }) => captures);
  const fetchControl = async () => {
    const control = await import('./control/index.ts');
    control.addControl();
    return control;
  };
  let control = listed ? await fetchControl() : undefined;
  const contrib = nodes.some(({ domain }) => domain === 'com.microsoft');
  if (contrib) (await import('./contrib/index.ts')).addContrib();
  const quantized = nodes.some(
    ({ op, inputs: [x = ''] }) => /Quantize|QLinear|QGemm|Integer/.test(op) || (op === 'DequantizeLinear' && !graph.constants.has(x)),
  );
  if (quantized) {
    (await import('./compiler/operators.ts')).addOperators();
    (await import('./quantized/index.ts')).addQuantized();
  }
  if (contrib || nodesWithout(graph, find).length > 0 || nodes.some((node) => find(node)?.rare?.(node, node.opset ?? opset))) {
    const { addOperators, checkOperators } = await import('./compiler/operators.ts');
    addOperators();
    if (nodesWithout(graph, find).length > 0) control ??= await fetchControl();
    checkOperators(graph, custom);
  }
  return control ?? (nodes.some((node) => find(node)?.dynamic) || shapingInputs(graph, find).late ? fetchControl() : undefined);
}

/** An element type, also as ONNX's number: another attribute may have that value, which does no harm. */
const isDouble = (value: unknown): boolean => value === 11 || (value as { type?: unknown }).type === 'float64';

/**
 * The graph as it can run: in float32, if it computes in float64 and some operator cannot.
 * @internal
 */
export async function fitted(graph: Graph, { operators }: Pick<LoadOptions, 'operators'> = {}): Promise<Narrowed> {
  const values = [...graph.inputs, ...graph.constants.values(), ...graph.nodes.flatMap((node) => [...node.attributes.values()])];
  if (!values.some(isDouble)) return { graph, warnings: [] };
  return (await import('./narrow.ts')).narrowed(graph, operatorFinder(operators));
}

/** A batch that has hardly anything in common with 1: large, and a multiple of all numbers up to 16. */
const OTHER_BATCH = 720_720;

/** The error of a network at shapes that may be guesses, without errors about its size, which may be due to the guess. */
function planError(plans: PlanSource, dims: ReturnType<typeof initialDims>): LanewiseError | undefined {
  try {
    if (dims) plans.plan(dims, new Map());
  } catch (error) {
    if (error instanceof LanewiseError && error.code !== 'TOO_LARGE') return error;
  }
  return undefined;
}

/**
 * Plans of a graph, made by the compiler.
 * @internal
 */
export function planSource(
  graph: Graph,
  { memoryLimit, inputShapes = {}, operators, winograd }: LoadOptions,
  threads?: number,
  Finisher?: typeof Stages,
): PlanSource {
  const shared = { memoryLimit, operators, winograd, threads };
  const stages = Finisher && new Finisher(graph, shared);
  const read = namesRead(graph);
  return {
    inputs: graph.inputs.map(({ face, ...input }) => ({
      ...input,
      type: face ?? input.type,
      dims: [...(given(inputShapes, input.name) ?? input.dims)],
    })),
    outputs: graph.outputs.map(({ name, type = 'float32', face, dims, list }) => ({
      name,
      type: face ?? type,
      ...(dims && { dims }),
      ...(list && { list }),
    })),
    narrow: [...graph.inputs, ...graph.outputs].some(({ face }) => face === 'float64'),
    shapingInputs: shapingInputs(graph, operatorFinder(operators)).names,
    warnings: warningsOf(graph),
    unreadInputs: new Set(graph.inputs.map(({ name }) => name).filter((name) => !read.has(name))),
    plan(dims, values, wanted) {
      const plan = compile(graph, { ...shared, dims, values, wanted });
      const [first] = stages ? [] : (plan.late?.nodes ?? []);
      if (first) throw new LanewiseError('UNSUPPORTED', `${titleOf(first)} works on a shape that only a run can tell`);
      return plan;
    },
    ...(stages && { finish: (late, values) => stages.finish(late, values) }),
  };
}

/**
 * The warnings about a model that runs.
 * @internal
 */
export function warningsOf(graph: Graph): string[] {
  const opset = opsetOf(graph);
  if (opset <= NEWEST_OPSET) return [];
  return [`the model is of opset ${opset}; its operators are taken as opset ${NEWEST_OPSET} has them, the newest that Lanewise knows`];
}

/**
 * The shape of every input: from the options, else from the file with `batch` for an open batch. Undefined if another
 * dimension is open.
 * @internal
 */
export function initialDims(graph: Graph, { inputShapes = {} }: LoadOptions, batch = 1): Map<string, readonly number[]> | undefined {
  for (const name of Object.keys(inputShapes)) {
    if (!graph.inputs.some((input) => input.name === name)) {
      const names = graph.inputs.map((input) => `'${input.name}'`).join(', ');
      throw new LanewiseError('INVALID_INPUT', `inputShapes names '${name}'; the model's inputs are ${names}`);
    }
  }
  // An input that nobody reads needs no shape.
  const read = namesRead(graph);
  const shapes = graph.inputs
    .filter(({ name, list }) => read.has(name) && !list)
    .map(({ name, dims }): [string, readonly Dim[]] => {
      const shape = given(inputShapes, name);
      if (shape) checkDims(name, dims, shape);
      return [name, shape ?? dims.map((dim, i) => (i === 0 && typeof dim === 'string' ? batch : dim))];
    });
  const open = shapes.some(([, dims]) => dims.some((dim) => typeof dim === 'string'));
  return open ? undefined : new Map(shapes as [string, readonly number[]][]);
}

/** An option by input name; hasOwn, because a name may be one that every object has. */
const given = <T>(options: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(options, name) ? options[name] : undefined;
