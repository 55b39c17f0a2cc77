import { NR, Op, PROGRAM_VERSION, WinogradWeightsArg } from '../../assembly/opcodes.ts';
import { checkOptions, type OptionChecks } from '../arguments.ts';
import { neededPack, operatorFinder } from '../compiler/bind.ts';
import { checkOperators } from '../compiler/operators.ts';
import { addContrib } from '../contrib/index.ts';
import { addControl, Stages } from '../control/index.ts';
import { LanewiseError } from '../errors.ts';
import { isWeights, type Weights } from '../formats/weights.ts';
import { insideType } from '../graph/face.ts';
import type { Face, Graph } from '../graph/graph.ts';
import { fitsFloat16, toFloat16 } from '../graph/halves.ts';
import { fitted, initialDims, type LoadOptions, loadChecks, planSource, readGraph } from '../load.ts';
import { added, wordsOf } from '../plan/instructions.ts';
import { packOf } from '../plan/packs.ts';
import type { Pointer } from '../plan/place.ts';
import { type Instruction, isHost, type Plan, type Port, type Resident, type Step } from '../plan/plan.ts';
import { programBytes, writeProgram } from '../plan/program.ts';
import { addQuantized } from '../quantized/index.ts';
import { arrangedPanels } from '../quantized/panels.ts';
import { Engine } from '../runtime/engine.ts';
import { MOST_THREADS } from '../runtime/options.ts';
import type { PlanSource } from '../runtime/ports.ts';
import { compileModule } from '../runtime/wasm.ts';
import type { Source } from '../source.ts';
import { xxh32 } from './checksum.ts';
import { Header, MAGIC, type Meta, type PortMeta, padded, type Segment } from './format.ts';

/** How a model is compiled to a file. */
export interface CompileModelOptions
  extends Pick<LoadOptions, 'inputShapes' | 'winograd' | 'memoryLimit' | 'externalData' | 'onProgress' | 'signal' | 'wasm'> {
  /**
   * How the weights of convolutions and dense layers, biases included, are stored: 'f32' unchanged; 'f16' in half the space,
   * rounded to float16, for each layer whose weights all fit into it. Default 'f32'.
   */
  readonly weights?: Weights;
  /** The number of threads that the work is cut for. Any number may run it, with the same bits. Default 1. */
  readonly threads?: number;
}

const checks: OptionChecks<CompileModelOptions> = {
  inputShapes: loadChecks.inputShapes,
  winograd: loadChecks.winograd,
  memoryLimit: loadChecks.memoryLimit,
  externalData: loadChecks.externalData,
  onProgress: loadChecks.onProgress,
  signal: loadChecks.signal,
  wasm: loadChecks.wasm,
  weights: ["'f32' or 'f16'", isWeights],
  threads: [
    `a whole number from 1 to ${MOST_THREADS}`,
    (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_THREADS,
  ],
};

/**
 * Compiles a model to a file that `lanewise/runtime` runs without the compiler and the ONNX reader: its program at one shape
 * of the inputs and its packed weights. It holds no code but Lanewise's own instructions, and runs only with versions that
 * have the same PROGRAM_VERSION.
 * @param source an ONNX file, as for `load`
 * @param options the shapes of inputs, the weights' form, the number of threads
 * @returns the file
 * @throws LanewiseError as `load`; UNSUPPORTED, naming the nodes, if some run outside WebAssembly; INVALID_INPUT if a
 *   dimension is open and `inputShapes` does not give it
 * @example
 * import { writeFile } from 'node:fs/promises';
 * import { compileModel } from 'lanewise/compile';
 *
 * await writeFile('model.lanewise', await compileModel('model.onnx', { weights: 'f16' }));
 */
export async function compileModel(source: Source, options: CompileModelOptions = {}): Promise<Uint8Array> {
  checkOptions('compileModel', options, checks);
  const { graph } = await fitted(await readGraph(source, options));
  return compileGraph(graph, options, (options.wasm as WebAssembly.Module | undefined) ?? (await moduleFor(graph)));
}

/**
 * The binary that compiles a graph.
 * @throws LanewiseError UNSUPPORTED listing all that do not run
 * @internal
 */
export async function moduleFor(graph: Graph): Promise<WebAssembly.Module> {
  findOperators(graph);
  return compileModule('strict', neededPack(graph, operatorFinder()));
}

/** @throws LanewiseError UNSUPPORTED listing all that do not run */
function findOperators(graph: Graph): void {
  addControl();
  addContrib();
  addQuantized();
  checkOperators(graph);
}

/**
 * As `compileModel`, for a graph that was read or built.
 * @internal
 */
export function compileGraph(
  graph: Graph,
  { weights = 'f32', threads = 1, ...options }: CompileModelOptions,
  module: WebAssembly.Module,
): Uint8Array {
  findOperators(graph);
  const source = planSource(graph, options, threads, Stages);
  const dims = initialDims(graph, options);
  if (!dims) throw new LanewiseError('INVALID_INPUT', 'the model leaves dimensions open, and a compiled model has none: give inputShapes');
  const [shaping] = source.shapingInputs;
  if (shaping !== undefined) {
    throw new LanewiseError(
      'UNSUPPORTED',
      `the elements of input '${shaping}' shape the network, so that it cannot be compiled beforehand`,
    );
  }
  const plan = source.plan(dims, new Map());
  checkWhole(plan);
  const engine = new Engine(module);
  engine.use(plan);
  const { segments, parts } = bodyOf(plan, engine, weights);
  return fileOf(metaOf(source, dims, plan, engine, segments), new Uint8Array(programOf(plan.steps, engine).buffer), parts);
}

/** @throws LanewiseError UNSUPPORTED if the plan has host steps */
function checkWhole({ steps, late }: Plan): void {
  const hosted = steps.filter(isHost).map(({ host, node }) => `${host} (node '${node}')`);
  if (late) hosted.push('what only a run can tell the size or the course of');
  if (hosted.length === 0) return;
  const shown = hosted.slice(0, 5).join(', ') + (hosted.length > 5 ? ` and ${hosted.length - 5} more` : '');
  throw new LanewiseError(
    'UNSUPPORTED',
    `a compiled model runs in WebAssembly alone; this one also has ${shown}: load the ONNX file instead`,
  );
}

/** Whether a resident is weights of float32, which may be rounded. */
const isFloat = ({ packed, load }: Resident): boolean =>
  packed !== undefined && [...load()].every(({ instruction }) => instruction === undefined || !(instruction.op in added));

interface Body {
  readonly segments: Segment[];
  readonly parts: Uint8Array[];
}

/** What the engine has in memory, or what that was transformed from if it is smaller. */
function bodyOf(plan: Plan, engine: Engine, weights: Weights): Body {
  const segments: Segment[] = [];
  const parts: Uint8Array[] = [];
  const add = (address: number, data: Float32Array, packed: boolean, ...words: number[]) => {
    const half = packed && weights === 'f16' && fitsFloat16(data);
    const { buffer, byteOffset, byteLength } = half ? toFloat16(data) : data.slice();
    const part = new Uint8Array(padded(byteLength));
    part.set(new Uint8Array(buffer, byteOffset, byteLength));
    parts.push(part);
    segments.push([address, part.length, xxh32(part), half ? 1 : 0, ...words]);
  };
  const transformed: Resident[] = [];
  for (const weight of plan.residents) {
    const arranging = arrangedPanels(weight);
    // The order of files: see quantized/panels.ts.
    if (arranging) engine.reload({ ...weight, load: () => [arranging, arranging, arranging] }, () => {});
    const pointer = { buffer: weight.buffer, offset: 0 };
    const data = engine.view(pointer, Math.ceil(weight.buffer.bytes / 4));
    // Memory starts as zeros.
    if (new Uint32Array(data.buffer, data.byteOffset, data.length).every((word) => word === 0)) continue;
    if (weight.packed === 'winograd') transformed.push(weight);
    else if (arranging) add(engine.addressOf(pointer), data, false, ...wordsOfOne(arranging.instruction, engine));
    else add(engine.addressOf(pointer), data, isFloat(weight));
  }
  for (const weight of transformed) {
    engine.reload(weight, (instruction) => {
      if (instruction.op !== Op.WinogradWeights) return;
      const input = instruction.args[WinogradWeightsArg.Input] as Pointer;
      add(engine.addressOf(input), engine.view(input, packedLength(instruction)), true, ...wordsOfOne(instruction, engine));
    });
  }
  return { segments, parts };
}

/** How many floats Winograd's weights take before the transform: see assembly/winograd/f32_winograd_weights. */
function packedLength({ args }: Instruction): number {
  const word = (at: WinogradWeightsArg) => args[at] as number;
  return word(WinogradWeightsArg.Panels) * (word(WinogradWeightsArg.Taps) ** 2 * word(WinogradWeightsArg.Channels) + 1) * NR;
}

const wordsOfOne = (instruction: Instruction, engine: Engine): Int32Array =>
  programOf([instruction], engine).subarray(0, wordsOf(instruction.op));

/** Instructions with their addresses, padded with zeros. */
function programOf(steps: readonly Step[], engine: Engine): Int32Array {
  const words = new Int32Array(padded(programBytes(steps)) / 4);
  writeProgram(steps, new DataView(words.buffer), 0, (pointer) => engine.addressOf(pointer));
  return words;
}

function metaOf(
  source: PlanSource,
  dims: ReadonlyMap<string, readonly number[]>,
  plan: Plan,
  engine: Engine,
  segments: readonly Segment[],
): Meta {
  const faces = new Map([...source.inputs, ...source.outputs].map(({ name, type }) => [name, type]));
  /** The callers' type, if it is another. */
  const faced = (port: PortMeta): PortMeta => {
    const face = faces.get(port.name);
    return face && face !== port.type && insideType(face, source.narrow) === port.type ? { ...port, face: face as Face } : port;
  };
  const addressed = ({ name, type, dims, pointer }: Port): PortMeta => faced({ name, type, dims, address: engine.addressOf(pointer) });
  const inputs = source.inputs.map(({ name, type: face, dims: declared }): PortMeta => {
    const port = plan.inputs.find((input) => input.name === name);
    if (port) return addressed(port);
    const type = insideType(face, source.narrow);
    const shape = dims.get(name) ?? declared.map((dim) => (typeof dim === 'string' ? 1 : dim));
    return faced({ name, type, dims: shape, ...(source.unreadInputs.has(name) && { unread: true }) });
  });
  const { weights, activations } = engine.memory;
  return {
    inputs,
    outputs: plan.outputs.map(addressed),
    memory: [weights, activations - plan.arenaBytes, plan.arenaBytes, plan.workspaceBytes],
    relayouts: plan.relayouts,
    ...(packOf(plan.steps) === 'quantized' && { pack: 'quantized' }),
    steps: (plan.steps as Instruction[]).map(({ node, macs }) => [node, macs]),
    segments,
  };
}

function fileOf(meta: Meta, program: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(meta));
  const metaBytes = padded(json.length);
  const bodyAt = Header.Bytes + metaBytes + program.length;
  const bodyBytes = parts.reduce((sum, { length }) => sum + length, 0);
  const file = new Uint8Array(bodyAt + bodyBytes);
  file.set(new TextEncoder().encode(MAGIC));
  file.fill(32, Header.Bytes, bodyAt);
  file.set(json, Header.Bytes);
  file.set(program, Header.Bytes + metaBytes);
  let at = bodyAt;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  const view = new DataView(file.buffer);
  const words = {
    [Header.Version]: PROGRAM_VERSION,
    [Header.MetaBytes]: metaBytes,
    [Header.ProgramBytes]: program.length,
    [Header.HeadSum]: xxh32(file.subarray(Header.Bytes, bodyAt)),
  };
  for (const [offset, word] of Object.entries(words)) view.setUint32(Number(offset), word, true);
  view.setBigUint64(Header.BodyBytes, BigInt(bodyBytes), true);
  return file;
}
