import { Op, WINOGRAD_SCRATCH } from '../../assembly/opcodes.ts';
import type { Graph } from '../graph/graph.ts';
import { type DataType, elementBytes } from '../graph/tensor.ts';
import { bytesOf, type Value } from '../graph/value.ts';
import { nodeTitle } from '../ops/attributes.ts';
import { shifted } from '../ops/emit.ts';
import { relayout } from '../ops/move/relayout.ts';
import type { Lowering, Node, Panels, Winograd } from '../ops/operator.ts';
import { input, output } from '../ops/shapes.ts';
import { stridesOf } from '../ops/strides.ts';
import { replacements } from '../plan/instructions.ts';
import type { Args, Buffer, Layout, Place, Pointer } from '../plan/place.ts';
import { isPointer } from '../plan/place.ts';
import type { Compute } from '../plan/plan.ts';
import { isHost, type Plan, type Port, type Resident, type Span, type Step } from '../plan/plan.ts';
import { type BindOptions, type Bound, bind } from './bind.ts';
import { checkLimit, DEFAULT_MEMORY_LIMIT } from './budget.ts';
import { inPlaceOf } from './inPlace.ts';
import { assignLayouts } from './layout.ts';
import { as, defined, type Network } from './network.ts';
import { type SimplifyOptions, simplify } from './passes/index.ts';
import { planArena } from './planner.ts';
import { findSlices, type Slice } from './slices.ts';
import { packArgs, packedResident, packingOf, panelBytes, rawResident, tableResident, transformArgs, zeroResident } from './weights.ts';

export interface CompileOptions extends SimplifyOptions, BindOptions {
  /** Whether convolutions may use Winograd's algorithm; a form: wherever it fits, whatever it costs. Default true. */
  readonly winograd?: boolean | Winograd | undefined;
  /** Whether weights that a run computes may be transformed for Winograd's algorithm, too. Default false. */
  readonly transforms?: boolean | undefined;
  /** How many threads will run the plan: this changes how instructions are cut into parts, but no result. Default 1. */
  readonly threads?: number | undefined;
  /** The inputs that the caller passes unchanged. Default: all. */
  readonly fed?: ReadonlySet<string> | undefined;
  /** The outputs that the plan has to make at least. Default: all. */
  readonly wanted?: ReadonlySet<string> | undefined;
  /** False: no output takes the place of an input, to bisect a wrong result. */
  readonly inPlace?: boolean;
}

/**
 * A graph to a plan: shapes, passes, layouts, instructions, memory.
 * @throws LanewiseError UNSUPPORTED, INVALID_MODEL, or TOO_LARGE if it needs more memory than the limit
 */
export const compile = (graph: Graph, options: CompileOptions): Plan => planOf(bind(graph, options), options);

/** As `compile`, for a graph that is bound already. */
export function planOf({ network, names, late }: Bound, options: CompileOptions): Plan {
  simplify(network, options);
  const laidOut = assignLayouts(network);
  options.verify?.(laidOut.network);
  // What late nodes need is not known before they run, so that all nodes run before them.
  const wanted = late?.outputs.some((name) => options.wanted?.has(name)) ? undefined : options.wanted;
  const plan = lower(laidOut.network, laidOut.layouts, names, wanted, options);
  return late && !wanted ? { ...plan, late } : plan;
}

/** The nodes, in execution order, that make these values. */
export function nodesFor(values: readonly Value[], nodes: readonly Node[]): Node[] {
  const needed = new Set<Value | undefined>(values);
  return [...nodes]
    .reverse()
    .filter(({ inputs, outputs }) => outputs.some((value) => needed.has(value)) && inputs.every((value) => needed.add(value)))
    .reverse();
}

function lower(
  network: Network,
  layouts: ReadonlyMap<Value, Layout>,
  names: readonly string[],
  wanted: ReadonlySet<string> | undefined,
  options: CompileOptions,
): Plan {
  const program = new ProgramWriter(layouts, findSlices(network, layouts), options);
  const made = network.outputs
    .map((value, i) => ({ name: defined(names[i], 'an output'), value }))
    .filter(({ name }) => wanted?.has(name) ?? true);
  // Found after the passes and the layouts, so that what is left has the form and the layouts of the whole, and thus the same bits.
  const nodes = wanted
    ? nodesFor(
        made.map(({ value }) => value),
        network.nodes,
      )
    : network.nodes;
  // Other inputs are constants of the plan, or nobody reads them.
  const fed = network.inputs.filter((value) => !value.constant && (network.readers(value).length > 0 || network.outputs.includes(value)));
  const inputs = fed.map((value) => port(value.name, value, program.define(value).pointer));
  for (const value of fed) if (options.fed?.has(value.name) ?? true) program.fed.add(value);
  for (const node of nodes) {
    program.node = node;
    if (as(node, relayout) && program.isFed(input(node, 0))) program.fed.add(output(node));
    // Without elements no kernel is needed.
    if (node.outputs.every(({ dims }) => dims.includes(0))) node.outputs.forEach((output) => void program.define(output));
    else defined(node.op.lower, nodeTitle(node))(node, program);
  }
  const outputs = made.map(({ name, value }) => port(name, value, program.place(value).pointer));
  const arenaBytes = program.placeBuffers(inputs, outputs, options.inPlace ?? true);
  const { steps, workspaceBytes, relayouts } = program;
  return { inputs, outputs, residents: [...program.residents.values()], steps, arenaBytes, workspaceBytes, relayouts };
}

const port = (name: string, { type, dims }: Value, pointer: Pointer): Port => ({ name, type, dims, pointer });

/** Collects what the operators lower to, in the order of the nodes. */
class ProgramWriter implements Lowering {
  readonly steps: Step[] = [];
  readonly winograd: boolean | Winograd;
  readonly transforms: boolean;
  readonly threads: number;
  readonly residents = new Map<string, Resident>();
  readonly fed = new Set<Value>();
  node: Node | undefined;
  workspaceBytes = 0;
  readonly #layouts: ReadonlyMap<Value, Layout>;
  readonly #slices: ReadonlyMap<Value, Slice>;
  readonly #memoryLimit: number;
  readonly #places = new Map<Value, Place>();
  readonly #zeros: Buffer = { region: 'plan', bytes: 0, offset: 0 };
  #staging: Buffer[] = [];
  #relayouts = 0;
  /** The most bytes that a host step makes at once. */
  #hostBytes = 0;

  constructor(layouts: ReadonlyMap<Value, Layout>, slices: ReadonlyMap<Value, Slice>, options: CompileOptions) {
    this.#layouts = layouts;
    this.#slices = slices;
    const { memoryLimit = DEFAULT_MEMORY_LIMIT, winograd = true, transforms = false, threads = 1 } = options;
    this.#memoryLimit = memoryLimit;
    this.winograd = winograd;
    this.transforms = transforms;
    this.threads = threads;
  }

  place(value: Value): Place {
    const place = this.#places.get(value);
    if (place) return place;
    if (!value.constant && !value.state) throw new Error(`'${value.name}' is read before it has a place`);
    const weight = this.#addResident(rawResident(value));
    return this.#remember(value, { buffer: weight.buffer, offset: 0 });
  }

  define(value: Value): Place {
    const place = this.#places.get(value);
    if (place) return place;
    const slice = this.#slices.get(value);
    if (!slice) return this.#remember(value, this.#arena(bytesOf(value), `'${value.name}'`));
    // The whole may be made later in the program than its parts; a part of an existing value exists already.
    const whole = this.define(slice.of);
    return this.#remember(value, shifted(whole.pointer, slice.channel * elementBytes(value.type)), whole.pixelStride);
  }

  layoutOf(value: Value): Layout {
    return this.#layouts.get(value) ?? 'rowMajor';
  }

  isFed(value: Value): boolean {
    return this.fed.has(value);
  }

  alias(output: Value, input: Value): void {
    const { pointer, pixelStride } = this.place(input);
    // A slice stays a slice under another name.
    this.#remember(output, pointer, this.#slices.has(input) && output.dims.join() === input.dims.join() ? pixelStride : undefined);
  }

  scratch(elements: number, type: DataType = 'float32'): Pointer {
    return this.#arena(elements * elementBytes(type), 'scratch space');
  }

  workspace(bytes: number): Pointer {
    this.workspaceBytes = Math.max(this.workspaceBytes, bytes);
    return this.#arena(bytes, 'scratch space');
  }

  zeros(bytes: number): Pointer {
    this.#zeros.bytes = Math.max(this.#zeros.bytes, bytes);
    return { buffer: this.#zeros, offset: 0 };
  }

  table(data: Float32Array | Int32Array): Pointer {
    return { buffer: this.#addResident(tableResident(data)).buffer, offset: 0 };
  }

  panels(panels: Panels): Pointer {
    const { weights, bias, offset = 0 } = panels;
    if (weights.constant && (!bias || bias.constant)) {
      const { weight, staging } = packedResident(panels);
      const kept = this.#addResident(weight);
      if (kept === weight) this.#staging.push(staging);
      return { buffer: kept.buffer, offset: 0 };
    }
    const packed = this.scratch(panelBytes({ ...panels, winograd: undefined }), 'uint8');
    const source = shifted(this.place(weights).pointer, offset * elementBytes(weights.type));
    this.emit(packingOf(panels), packArgs(panels, source, bias ? this.place(bias).pointer : 0, packed, panels.groups, panels.columns));
    if (!panels.winograd) return packed;
    const output = this.scratch(panelBytes(panels), 'uint8');
    this.emit(Op.WinogradWeights, transformArgs(panels, packed, output, this.workspace(WINOGRAD_SCRATCH)));
    return output;
  }

  emit(op: Op, args: Args, macs = 0): void {
    if (as(this.node, relayout)) this.#relayouts++;
    const node = defined(this.node, 'the node that emits');
    this.steps.push({ op: (this.transforms && replacements[op]) || op, args, node: node.name, macs });
  }

  evaluate(node: Node): void {
    const compute = defined(node.op.evaluate, nodeTitle(node));
    // Constants are read from where they are, and need no place in memory.
    const inputs = node.inputs.map((value) => (value?.constant ? undefined : value));
    this.#hostBytes = Math.max(
      this.#hostBytes,
      node.outputs.reduce((sum, value) => sum + bytesOf(value), 0),
    );
    this.#hostStep(node, node.op.name, inputs, (views, outputs) => {
      const results = compute(
        node,
        node.inputs.map((value, i) => value?.constant?.read() ?? views[i]),
      );
      outputs.forEach((output, i) => {
        const result = results[i];
        if (result?.length !== output.length) throw new Error(`'${node.name}' gave ${result?.length} elements for ${output.length}`);
        output.set(result as never);
      });
    });
  }

  host(node: Node, title: string, compute: Compute): void {
    this.#hostStep(node, title, node.inputs, compute);
  }

  #hostStep(node: Node, host: string, inputs: readonly (Value | undefined)[], compute: Compute): void {
    const span = ({ type, dims }: Value, { pointer }: Place): Span => ({ type, dims, pointer });
    this.steps.push({
      node: node.name,
      host,
      inputs: inputs.map((value) => value && span(value, this.place(value))),
      outputs: node.outputs.map((value) => span(value, this.define(value))),
      compute,
    });
  }

  /** How many changes of layout move elements. */
  get relayouts(): number {
    return this.#relayouts;
  }

  /** Gives every buffer its offset. @returns the arena's size in bytes */
  placeBuffers(inputs: readonly Port[], outputs: readonly Port[], inPlace: boolean): number {
    if (this.#zeros.bytes > 0) this.#addResident(zeroResident(this.#zeros));
    const lives = new Map<Buffer, { bytes: number; first: number; last: number }>();
    const use = ({ buffer }: Pointer, at: number) => {
      if (buffer.region !== 'arena') return;
      const life = lives.get(buffer);
      if (life) life.last = Math.max(life.last, at);
      else lives.set(buffer, { bytes: buffer.bytes, first: at, last: at });
    };
    for (const { pointer } of inputs) use(pointer, 0);
    this.steps.forEach((step, i) => {
      const words = isHost(step) ? [...step.inputs, ...step.outputs].map((span) => span?.pointer) : Object.values(step.args);
      for (const word of words) if (isPointer(word)) use(word, i);
    });
    for (const { pointer } of outputs) use(pointer, this.steps.length);
    this.steps.forEach((step, i) => {
      for (const [input, output] of isHost(step) || !inPlace ? [] : inPlaceOf(step)) {
        // A buffer whose lifetime ends here makes room for one that begins.
        const [ending, beginning] = [lives.get(input), lives.get(output)];
        if (ending?.last !== i || beginning?.first !== i || ending === beginning) continue;
        ending.last = beginning.last;
        lives.set(output, ending);
      }
    });
    const distinct = [...new Set(lives.values())];
    const { offsets, total } = planArena(distinct);
    const at = new Map(distinct.map((life, i) => [life, offsets[i]]));
    for (const [buffer, life] of lives) buffer.offset = defined(at.get(life), 'an offset');
    // Tables count too, and the host's results before they are copied to their places.
    const tables = [...this.residents.values()].reduce((sum, { buffer }) => sum + (buffer.region === 'plan' ? buffer.bytes : 0), 0);
    this.#checkLimit('its activations', total + tables + this.#hostBytes);
    // Weights are staged at the start of the arena before it holds anything else.
    return Math.max(total, ...this.#staging.map(({ bytes }) => bytes));
  }

  #arena(bytes: number, what: string): Pointer {
    this.#checkLimit(what, bytes);
    return { buffer: { region: 'arena', bytes, offset: 0 }, offset: 0 };
  }

  #checkLimit(what: string, bytes: number): void {
    checkLimit(this.node ? `${nodeTitle(this.node)}: ${what}` : what, bytes, this.#memoryLimit);
  }

  #remember(value: Value, pointer: Pointer, wholeStride?: number): Place {
    const layout = this.layoutOf(value);
    const unit = elementBytes(value.type);
    const [, channels = 1] = value.dims;
    const pixelStride = wholeStride ?? channels * unit;
    const place: Place = { pointer, layout, pixelStride, strides: stridesOf(layout, value.dims, unit, pixelStride) };
    this.#places.set(value, place);
    return place;
  }

  #addResident(weight: Resident): Resident {
    const earlier = this.residents.get(weight.key);
    if (!earlier) this.residents.set(weight.key, weight);
    return earlier ?? weight;
  }
}
