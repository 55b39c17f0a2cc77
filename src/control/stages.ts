import { type Bound, bind, type FindOperator, operatorFinder, opsetOf, titleOf } from '../compiler/bind.ts';
import { checkLimit, DEFAULT_MEMORY_LIMIT } from '../compiler/budget.ts';
import { type CompileOptions, planOf } from '../compiler/compile.ts';
import { shapingInputs } from '../compiler/shaping.ts';
import { LanewiseError } from '../errors.ts';
import { insideType } from '../graph/face.ts';
import { type Constant, type Graph, type GraphInput, type GraphNode, readsOf, type Subgraph } from '../graph/graph.ts';
import { copyOf, Tensor, type TypedArray } from '../graph/tensor.ts';
import type { Late, Plan } from '../plan/plan.ts';
import { type Held, type Running, recent } from '../runtime/running.ts';
import type { Around } from './around.ts';
import { evaluateNode } from './evaluate.ts';
import { runners } from './operators.ts';

export type StageOptions = Pick<CompileOptions, 'memoryLimit' | 'operators' | 'winograd' | 'threads'>;

/** The values of names while a graph runs: values of this run, and constants. */
export interface Frame {
  readonly values: Map<string, Held>;
  readonly constants: ReadonlyMap<string, Constant>;
}

/** Nodes that run one after the other in one program, or a body. */
interface Stage {
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly string[];
  /** The names that it reads and does not make. */
  readonly reads: readonly string[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly programs: Map<string, Program>;
  /** The names of the inputs that its plans must know, for inputs of these types. */
  shaping?: { readonly types: string; readonly names: ReadonlySet<string> };
}

/** A plan, or the results of a stage that needed none. */
interface Program {
  readonly plan?: Plan;
  readonly results: readonly (readonly [string, Tensor])[];
  readonly late?: Late | undefined;
}

/**
 * Runs the late nodes of a plan, whose sizes or course only a run can tell. Those that wait for nothing else run on the host
 * (NonZero, operators on lists) or run their bodies; the rest is then a graph whose inputs are known, and gets a plan of its
 * own, which may leave late nodes again.
 */
export class Stages {
  readonly #graph: Graph;
  readonly #options: StageOptions;
  readonly #find: FindOperator;
  readonly #bodies = new WeakMap<Subgraph, Stage>();
  readonly #rests = new WeakMap<Late, Map<string, Stage>>();
  /** The caller's inputs, unchanged: a convolution that reads them is computed as in a graph without stages. */
  #fed: ReadonlySet<Held> = new Set();
  /** Arrays that programs of this run have returned and that are no output yet. */
  readonly #made = new WeakSet<object>();

  constructor(graph: Graph, options: StageOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#find = operatorFinder(options.operators);
  }

  /** @param values inputs and results of the graph's own plan; the late nodes' results are added */
  *finish(late: Late, values: Map<string, Held>): Running<void> {
    this.#fed = new Set(this.#graph.inputs.map(({ name }) => values.get(name) ?? null));
    yield* this.#finish(late, { values, constants: new Map() });
    for (const name of late.outputs) {
      // Outputs belong to the caller: none may share memory with an input, another output, a constant or the file's bytes.
      const own = (tensor: Tensor) => (this.#made.delete(tensor.data) ? tensor : copyOf(tensor));
      const held = values.get(name);
      if (held) values.set(name, held instanceof Tensor ? own(held) : held.map(own));
    }
  }

  *#finish(late: Late, around: Frame, before: readonly GraphNode[] = []): Running<void> {
    const constants = new Map(around.constants);
    const read = new Set(late.nodes.flatMap(readsOf));
    for (const [name, { constant, fixed }] of late.scope) {
      if (!constant || !read.has(name)) continue;
      // Other constants depend on the shapes of the inputs: they are values of this run.
      if (fixed) constants.set(name, constant);
      else around.values.set(name, tensorOf(constant));
    }
    const frame = { values: around.values, constants };
    const rest: GraphNode[] = [];
    const places: number[] = [];
    const waiting = new Set<string>();
    for (const [i, node] of late.nodes.entries()) {
      if (!readsOf(node).some((name) => waiting.has(name)) && this.#isDynamic(node, frame)) yield* this.#execute(node, frame);
      else {
        rest.push(node);
        places.push(i);
        for (const name of node.outputs) waiting.add(name);
      }
    }
    const [first] = rest;
    if (!first) return;
    if (rest.length === before.length && rest.every((node, i) => node === before[i])) {
      throw new LanewiseError(
        'UNSUPPORTED',
        `${titleOf(first)} works on what not even a run of the network can tell, which is not supported`,
      );
    }
    yield* this.#run(this.#restOf(late, rest, places.join(), waiting), frame);
  }

  /** Runs a body. @returns the values of its outputs */
  *body(graph: Subgraph, frame: Frame): Running<Held[]> {
    const outputs = graph.outputs.map(({ name }) => name);
    const stage = this.#bodies.get(graph) ?? stageOf(graph.nodes, outputs, graph.constants);
    this.#bodies.set(graph, stage);
    yield* this.#run(stage, frame);
    return stage.outputs.map((name) => heldBy(name, frame, graph.constants));
  }

  #restOf(late: Late, nodes: readonly GraphNode[], key: string, made: ReadonlySet<string>): Stage {
    const known = this.#rests.get(late) ?? new Map<string, Stage>();
    this.#rests.set(late, known);
    const outputs = late.outputs.filter((name) => made.has(name));
    const stage = known.get(key) ?? stageOf(nodes, outputs, new Map());
    known.set(key, stage);
    return stage;
  }

  #isDynamic(node: GraphNode, { values }: Frame): boolean {
    const op = this.#find(node);
    if (op?.expand) return false;
    return op?.dynamic === true || op?.sizes !== undefined || node.inputs.some((name) => isList(values.get(name)));
  }

  *#execute(node: GraphNode, frame: Frame): Running<void> {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : heldBy(name, frame)));
    const runner = node.domain === '' ? runners.get(node.op) : undefined;
    let outputs: readonly Held[];
    if (runner) {
      const around: Around = {
        node,
        inputs,
        opset: node.opset ?? opsetOf(this.#graph),
        run: (graph, values) => this.body(graph, { values: new Map([...captured(node, frame), ...values]), constants: frame.constants }),
        checkBytes: (what, bytes) => checkLimit(what, bytes, this.#options.memoryLimit ?? DEFAULT_MEMORY_LIMIT),
      };
      outputs = yield* runner(around);
    } else {
      const list = node.inputs.findIndex((_, i) => isList(inputs[i]));
      if (list >= 0)
        throw new LanewiseError(
          'INVALID_MODEL',
          `${titleOf(node)} takes tensors; '${node.inputs[list]}' is a sequence or an empty optional`,
        );
      const tensors = new Map(node.inputs.flatMap((name, i) => (name === '' ? [] : [[name, inputs[i] as Tensor]])));
      outputs = evaluateNode(node, this.#graph, tensors, { ...this.#options, dims: new Map() });
    }
    node.outputs.forEach((name, i) => {
      if (name !== '') frame.values.set(name, outputs[i] ?? null);
    });
  }

  *#run(stage: Stage, frame: Frame): Running<void> {
    const inputs: GraphInput[] = [];
    const lists: string[] = [];
    for (const name of stage.reads) {
      const held = frame.values.get(name);
      if (held instanceof Tensor) inputs.push({ name, type: insideType(held.type, false), dims: held.dims });
      else if (held !== undefined) lists.push(name);
    }
    const { plan, results, late } = this.#programOf(stage, frame, inputs, lists);
    for (const [name, tensor] of results) frame.values.set(name, tensor);
    if (plan) {
      const data = yield { plan, feeds: plan.inputs.map(({ name }) => frame.values.get(name) as Tensor) };
      plan.outputs.forEach(({ name, type, dims }, i) => {
        frame.values.set(name, new Tensor(type, data[i] as never, dims));
        this.#made.add(data[i] as TypedArray);
      });
    }
    if (late) yield* this.#finish(late, frame, stage.nodes);
  }

  #programOf(stage: Stage, { values, constants }: Frame, inputs: readonly GraphInput[], lists: readonly string[]): Program {
    const types = inputs.map(({ name, type }) => `${name}:${type}`).join();
    if (types !== stage.shaping?.types) stage.shaping = { types, ...shapingInputs({ inputs, nodes: stage.nodes }, this.#find) };
    const { names } = stage.shaping;
    const fed = new Set(inputs.map(({ name }) => name).filter((name) => this.#fed.has(values.get(name) as Held)));
    const shapes = inputs.map(({ name, type, dims }) => `${name}:${type}:${dims}${fed.has(name) ? '*' : ''}`);
    const shaping = new Map([...names].map((name) => [name, values.get(name) as Tensor]));
    const key = [...shapes, ...lists, ...[...shaping].map(([name, { data }]) => `${name}=${data}`)].join(';');
    return recent(stage.programs, key, () => this.#newProgram(stage, { constants, inputs, lists, fed, shaping }));
  }

  #newProgram(stage: Stage, about: About): Program {
    const { inputs, lists, fed, shaping } = about;
    const graph: Graph = {
      ...this.#graph,
      inputs,
      outputs: stage.outputs.map((name) => ({ name })),
      nodes: stage.nodes,
      constants: new Map([...about.constants, ...stage.constants]),
    };
    const dims = new Map(inputs.map(({ name, dims }) => [name, dims as readonly number[]]));
    // Copied, because the plan outlives the run, which may change its tensors.
    const values = new Map([...shaping].map(([name, tensor]) => [name, copyOf(tensor)]));
    const options = { ...this.#options, dims, values, lists, fed, running: true };
    const bound = bind(graph, options);
    if (bound.network.nodes.length === 0) return { results: constantsOf(bound), late: bound.late };
    return { plan: planOf(bound, options), results: [], late: bound.late };
  }
}

interface About {
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly GraphInput[];
  readonly lists: readonly string[];
  readonly fed: ReadonlySet<string>;
  readonly shaping: ReadonlyMap<string, Tensor>;
}

/** The outputs of a graph whose every node was computed when it was bound; inputs that are outputs have their names already. */
const constantsOf = ({ names, network }: Bound): [string, Tensor][] =>
  names.flatMap((name, i) => {
    const constant = network.outputs[i]?.constant;
    return constant ? [[name, tensorOf(constant)] as [string, Tensor]] : [];
  });

function stageOf(nodes: readonly GraphNode[], outputs: readonly string[], constants: ReadonlyMap<string, Constant>): Stage {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const reads = new Set([...nodes.flatMap(readsOf), ...outputs].filter((name) => name !== '' && !made.has(name)));
  return { nodes, outputs, reads: [...reads], constants, programs: new Map() };
}

const tensorOf = ({ type, dims, read }: Constant): Tensor => new Tensor(type, read() as never, dims);

const isList = (held: Held | undefined): boolean => held !== undefined && !(held instanceof Tensor);

const captured = ({ captures = [] }: GraphNode, { values }: Frame): [string, Held][] =>
  captures.flatMap((name) => (values.has(name) ? [[name, values.get(name) as Held]] : []));

/** @throws LanewiseError INVALID_MODEL */
function heldBy(name: string, { values, constants }: Frame, own?: ReadonlyMap<string, Constant>): Held {
  const held = values.get(name);
  if (held !== undefined) return held;
  const constant = own?.get(name) ?? constants.get(name);
  if (constant) return tensorOf(constant);
  throw new LanewiseError('INVALID_MODEL', `'${name}' is not there where it is read`);
}
