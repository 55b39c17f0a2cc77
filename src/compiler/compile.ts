import { Op } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import { nodeTitle } from '../ops/attributes.ts';
import type { Args, Buffer, Layout, Lowering, Node, Panels, Place, Pointer, Value } from '../ops/operator.ts';
import type { Instruction, Plan, Port, Weight } from '../runtime/plan.ts';
import { bind } from './bind.ts';
import { assignLayouts } from './layout.ts';
import { known, type Network } from './network.ts';
import { type SimplifyOptions, simplify } from './passes/index.ts';
import { planArena } from './planner.ts';
import { packArgs, packedWeight, panelBytes, rawWeight, zeroWeight } from './weights.ts';

export interface CompileOptions extends SimplifyOptions {
  /** The shape of every input. */
  readonly dims: ReadonlyMap<string, readonly number[]>;
  /** Inputs that shape the network (Reshape's second) and are therefore compiled in. */
  readonly values?: ReadonlyMap<string, Tensor>;
  /** Most bytes of activations and scratch space. */
  readonly memoryLimit?: number;
}

/** Activations over this are taken for a mistake, unless the caller says otherwise. */
export const DEFAULT_MEMORY_LIMIT = 768 * 1024 ** 2;

/**
 * A graph to a plan: shapes, passes, layouts, instructions, memory.
 * @throws LanewiseError UNSUPPORTED, INVALID_MODEL, or TOO_LARGE where it needs more memory than the limit
 */
export function compile(graph: Graph, options: CompileOptions): Plan {
  const network = bind(graph, options.dims, options.values ?? new Map());
  simplify(network, options);
  const laidOut = assignLayouts(network);
  if (options.verify) laidOut.network.verify();
  return lower(laidOut.network, laidOut.layouts, graph, options.memoryLimit ?? DEFAULT_MEMORY_LIMIT);
}

function lower(network: Network, layouts: ReadonlyMap<Value, Layout>, graph: Graph, memoryLimit: number): Plan {
  const program = new ProgramWriter(layouts, memoryLimit);
  // Inputs of another type can only be constants of the plan, or unread.
  const fed = network.inputs.filter(({ constant, type }) => !constant && type === 'float32');
  const inputs = fed.map((value) => port(value.name, value, program.define(value).pointer));
  for (const node of network.nodes) {
    program.node = node;
    // Where there is nothing to compute, no kernel should look for it.
    if (node.outputs.every(({ dims }) => dims.includes(0))) node.outputs.forEach((output) => void program.define(output));
    else node.op.lower(node, program);
  }
  const outputs = network.outputs.map((value, i) => {
    const { name } = known(graph.outputs[i], 'an output');
    if (value.type !== 'float32') {
      throw new LanewiseError('UNSUPPORTED', `output '${name}' is ${value.type}; float32 outputs are supported`);
    }
    return port(name, value, program.place(value).pointer);
  });
  const arenaBytes = program.placeBuffers(inputs, outputs);
  return { inputs, outputs, weights: [...program.weights.values()], instructions: program.instructions, arenaBytes };
}

const port = (name: string, { type, dims }: Value, pointer: Pointer): Port => ({ name, type, dims, pointer });

/** Takes what the operators lower to, in the order of the nodes. */
class ProgramWriter implements Lowering {
  readonly instructions: Instruction[] = [];
  readonly weights = new Map<string, Weight>();
  node: Node | undefined;
  readonly #layouts: ReadonlyMap<Value, Layout>;
  readonly #memoryLimit: number;
  readonly #places = new Map<Value, Place>();
  readonly #zeros: Buffer = { region: 'weights', bytes: 0, offset: 0 };
  #staging: Buffer[] = [];

  constructor(layouts: ReadonlyMap<Value, Layout>, memoryLimit: number) {
    this.#layouts = layouts;
    this.#memoryLimit = memoryLimit;
  }

  place(value: Value): Place {
    const place = this.#places.get(value);
    if (place) return place;
    if (value.type !== 'float32') {
      throw new LanewiseError(
        'UNSUPPORTED',
        `'${value.name}' is ${value.type}, which can be computed with only while the model is planned`,
      );
    }
    if (!value.constant) throw new Error(`'${value.name}' is read before it has a place`);
    const weight = this.#addWeight(rawWeight(value));
    return this.#remember(value, { buffer: weight.buffer, offset: 0 });
  }

  define(value: Value): Place {
    return this.#remember(value, this.#arena(product(value.dims) * 4, `'${value.name}'`));
  }

  alias(output: Value, input: Value): void {
    this.#remember(output, this.place(input).pointer);
  }

  scratch(bytes: number): Pointer {
    return this.#arena(bytes, 'scratch space');
  }

  zeros(bytes: number): Pointer {
    this.#zeros.bytes = Math.max(this.#zeros.bytes, bytes);
    return { buffer: this.#zeros, offset: 0 };
  }

  panels(panels: Panels): Pointer {
    const { weights, bias } = panels;
    if (weights.constant && (!bias || bias.constant)) {
      const { weight, staging } = packedWeight(panels);
      const kept = this.#addWeight(weight);
      if (kept === weight) this.#staging.push(staging);
      return { buffer: kept.buffer, offset: 0 };
    }
    const output = this.scratch(panelBytes(panels));
    const source = this.place(weights).pointer;
    this.emit(Op.PackPanels, packArgs(panels, source, bias ? this.place(bias).pointer : 0, output, panels.groups, panels.columns));
    return output;
  }

  emit(op: Op, args: Args, macs = 0): void {
    this.instructions.push({ op, args, node: known(this.node, 'the node that emits').name, macs });
  }

  /** Gives every buffer its offset. @returns the arena's bytes */
  placeBuffers(inputs: readonly Port[], outputs: readonly Port[]): number {
    if (this.#zeros.bytes > 0) this.#addWeight(zeroWeight(this.#zeros));
    const lives = new Map<Buffer, { first: number; last: number }>();
    const use = ({ buffer }: Pointer, at: number) => {
      if (buffer.region !== 'arena') return;
      const life = lives.get(buffer);
      if (life) life.last = Math.max(life.last, at);
      else lives.set(buffer, { first: at, last: at });
    };
    for (const { pointer } of inputs) use(pointer, 0);
    this.instructions.forEach(({ args }, i) => {
      for (const word of Object.values(args)) {
        if (typeof word === 'object' && 'buffer' in word) use(word, i);
      }
    });
    for (const { pointer } of outputs) use(pointer, this.instructions.length);
    const buffers = [...lives.keys()];
    const { offsets, total } = planArena([...lives].map(([{ bytes }, life]) => ({ bytes, ...life })));
    buffers.forEach((buffer, i) => {
      buffer.offset = known(offsets[i], 'an offset');
    });
    if (total > this.#memoryLimit) throw this.#tooLarge('its activations', total);
    // Weights are staged at the start of the arena before it holds anything else.
    return Math.max(total, ...this.#staging.map(({ bytes }) => bytes));
  }

  #arena(bytes: number, what: string): Pointer {
    if (bytes > this.#memoryLimit) throw this.#tooLarge(what, bytes);
    return { buffer: { region: 'arena', bytes, offset: 0 }, offset: 0 };
  }

  #tooLarge(what: string, bytes: number): LanewiseError {
    const where = this.node ? `${nodeTitle(this.node)}: ` : '';
    const limit = `${this.#memoryLimit.toLocaleString('en')} bytes`;
    const message = `${where}${what} would take ${bytes.toLocaleString('en')} bytes, over the limit of ${limit} (option memoryLimit)`;
    return new LanewiseError('TOO_LARGE', message);
  }

  #remember(value: Value, pointer: Pointer): Place {
    const layout = this.#layouts.get(value) ?? 'rowMajor';
    const place: Place = { pointer, layout, pixelStride: (value.dims[1] ?? 1) * 4 };
    this.#places.set(value, place);
    return place;
  }

  #addWeight(weight: Weight): Weight {
    const known = this.weights.get(weight.key);
    if (!known) this.weights.set(weight.key, weight);
    return known ?? weight;
  }
}
