import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { allNodes, type Graph, type GraphNode, readsOf } from '../graph/graph.ts';
import { arrayTypes, type DataType, elementCount, type Tensor, type TypedArray } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { AttributeReader, nodeTitle } from '../ops/attributes.ts';
import { type CustomOperator, qualified } from '../ops/custom.ts';
import { operators, otherOperators } from '../ops/index.ts';
import type { Node, Operator } from '../ops/operator.ts';
import { identity } from '../ops/shape/identity.ts';
import { constantValue } from '../ops/shapes.ts';
import type { Pack } from '../plan/packs.ts';
import type { Late } from '../plan/plan.ts';
import { Budget, DEFAULT_MEMORY_LIMIT } from './budget.ts';
import { hosted } from './host.ts';
import { defined, Network } from './network.ts';

/** A graph's operator set version; 1 if the file does not state it. */
export const opsetOf = (graph: Graph): number => graph.opsets.get('') ?? 1;

/** The nodes that no operator runs at the graph's opset. If there are any, `operators.ts` has rare operators and the reasons. */
export function nodesWithout(graph: Graph, find: FindOperator): readonly GraphNode[] {
  const opset = opsetOf(graph);
  return [...allNodes(graph)].filter((node) => {
    const version = node.opset ?? opset;
    const { since = Number.POSITIVE_INFINITY, until = version } = find(node) ?? {};
    return version < since || version > until;
  });
}

/** The pack whose kernels any plan of the graph may need, once `prepareOperators` or `checkOperators` has found its operators. */
export function neededPack(graph: Graph, find: FindOperator): Pack {
  const opset = opsetOf(graph);
  const packs = [...allNodes(graph)].map((node) => {
    const pack = find(node)?.pack;
    return typeof pack === 'function' ? pack(node, node.opset ?? opset, graph) : pack;
  });
  return (['quantized', 'more'] as const).find((pack) => packs.includes(pack)) ?? 'core';
}

/** The operator for a node; undefined if there is none. */
export type FindOperator = (node: Pick<GraphNode, 'op' | 'domain'>) => Operator | undefined;

/**
 * Finds the operators of nodes: the user's come first, so that they may replace ONNX's.
 * @throws LanewiseError INVALID_INPUT if `custom` is no list of operators, or has two of one domain and name
 */
export function operatorFinder(custom: readonly CustomOperator[] = []): FindOperator {
  const wrong = (problem: string) => new LanewiseError('INVALID_INPUT', `option operators takes ${problem}`);
  const own = new Map<string, Operator>();
  for (const op of custom as readonly (CustomOperator | undefined)[]) {
    const { domain, name, operator } = op ?? ({} as CustomOperator);
    if (typeof operator?.inferShape !== 'function') throw wrong('a list of what defineOp gives');
    const title = qualified(domain, name);
    if ((own.get(title) ?? operator) !== operator) throw wrong(`one definition of each operator, got two of ${title}`);
    own.set(title, operator);
  }
  return ({ domain, op }) => {
    const name = qualified(domain, op);
    return own.get(name) ?? operators.get(name) ?? otherOperators.get(name);
  };
}

/** A graph with all shapes known. */
export interface Bound {
  readonly network: Network;
  /** Names of the network's outputs: the graph's outputs that it makes, then values that the late nodes read. */
  readonly names: readonly string[];
  readonly late?: Late;
}

export interface BindOptions {
  /** The shape of every graph input. */
  readonly dims: ReadonlyMap<string, readonly number[]>;
  /** The inputs whose elements shape the network, as constants. */
  readonly values?: ReadonlyMap<string, Tensor> | undefined;
  /** The most bytes of tensors that are computed while the plan is made; large files add to it. */
  readonly memoryLimit?: number | undefined;
  /** The user's own operators. */
  readonly operators?: readonly CustomOperator[] | undefined;
  /** Names of sequences and optionals, which are no tensors: nodes that read them are late. */
  readonly lists?: Iterable<string> | undefined;
  /** Whether this is part of a run: what is computed then is the caller's work, and does not count against the file. */
  readonly running?: boolean | undefined;
}

/**
 * Makes a network of a graph for given input shapes: reads attributes, infers shapes and computes constants.
 * `prepareOperators` or `checkOperators` has found its operators.
 */
export function bind(graph: Graph, options: BindOptions): Bound {
  const { dims, values = new Map(), memoryLimit = DEFAULT_MEMORY_LIMIT, operators: custom } = options;
  const find = operatorFinder(custom);
  const scope = new Map<string, Value>();
  for (const [name, constant] of graph.constants) scope.set(name, constantValue(constant, name, true));
  const read = namesRead(graph);
  const inputs = graph.inputs
    .filter(({ name, list }) => read.has(name) && !list)
    .map(({ name, type }): Value => {
      const tensor = values.get(name);
      const value: Value = tensor
        ? constantOf(name, tensor)
        : { name, type, dims: defined(dims.get(name), `the shape of input '${name}'`) };
      scope.set(name, value);
      return value;
    });
  const binder: Binder = { opset: opsetOf(graph), find, scope, read, budget: new Budget(graph, memoryLimit, !options.running) };
  const nodes: Node[] = [];
  const lateNodes: GraphNode[] = [];
  const late = new Set([...(options.lists ?? []), ...graph.inputs.filter(({ list }) => list).map(({ name }) => name)]);
  const waiting = [...graph.nodes].reverse();
  for (let source = waiting.pop(); source; source = waiting.pop()) {
    const op = find(source);
    if (isLate(source, op, scope, late)) {
      lateNodes.push(source);
      for (const name of source.outputs) late.add(name);
    } else if (op?.expand) {
      const inside = op.expand(
        source,
        source.inputs.map((name) => scope.get(name)),
      );
      for (const [name, constant] of inside.constants) scope.set(name, constantValue(constant, name, true));
      for (const name of inside.nodes.flatMap(readsOf)) read.add(name);
      waiting.push(...[...inside.nodes].reverse());
    } else {
      const node = bindNode(source, binder);
      if (node) nodes.push(node);
    }
  }
  const wanted = graph.outputs.map(({ name }) => name);
  const early = wanted.filter((name) => !late.has(name));
  const names = [...early, ...lateReads(lateNodes, scope, graph)];
  const outputs = names.map((name) => defined(scope.get(name), `the output '${name}'`));
  const network = new Network(inputs, outputs, nodes);
  return {
    network,
    names,
    ...(lateNodes.length > 0 ? { late: { nodes: lateNodes, outputs: wanted.filter((name) => late.has(name)), scope } } : {}),
  };
}

/** A plan has only values of the types that it computes in. */
export const constantOf = (name: string, tensor: Tensor): Value => {
  const { type, dims, data } = tensor as Tensor<DataType>;
  return constantValue({ name, type, dims, read: () => data });
};

/** The names that a node reads, and the graph's outputs. */
export const namesRead = ({ nodes, outputs }: Graph): Set<string> =>
  new Set([...nodes.flatMap(readsOf), ...outputs.map(({ name }) => name)]);

/**
 * Whether a node has to wait for a run: for elements that size its outputs, for another late node, or because its operator
 * always does.
 */
function isLate(source: GraphNode, op: Operator | undefined, scope: ReadonlyMap<string, Value>, late: ReadonlySet<string>): boolean {
  // What a branch reads matters only to its own nodes.
  if ((op?.expand ? source.inputs : readsOf(source)).some((name) => late.has(name))) return true;
  const open = (name: string | undefined) => name !== undefined && name !== '' && !scope.get(name)?.constant;
  return (
    op?.dynamic === true ||
    (op?.constantInputs ?? []).some((i) => open(source.inputs[i])) ||
    (op?.sizes !== undefined && source.inputs.some(open))
  );
}

/** What late nodes read and a run of the program makes. Inputs of the graph are available anyway. */
function lateReads(nodes: readonly GraphNode[], scope: ReadonlyMap<string, Value>, graph: Graph): string[] {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const made = (name: string) => !inputs.has(name) && scope.has(name) && !scope.get(name)?.constant;
  return [...new Set(nodes.flatMap(readsOf).filter(made))];
}

interface Binder {
  readonly opset: number;
  readonly find: FindOperator;
  readonly scope: Map<string, Value>;
  /** The names that somebody reads. */
  readonly read: ReadonlySet<string>;
  readonly budget: Budget;
}

/** `my.ops.Swirl 'swirl_1'`, for errors. */
export const titleOf = ({ domain, op, name }: GraphNode): string => nodeTitle({ op: qualified(domain, op), name });

/** Adds the node's outputs to the scope. Undefined if they are constants. */
export function bindNode(source: GraphNode, { opset, find, scope, read, budget }: Binder): Node | undefined {
  const title = titleOf(source);
  const op = defined(find(source), title);
  const inputs = source.inputs.map((name) => (name === '' ? undefined : defined(scope.get(name), `${title}: input '${name}'`)));
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  checkArity(title, 'inputs', inputs.length, op.inputs);
  const outputNames = [...source.outputs];
  // Outputs after the first that nobody reads (Dropout's mask, say) need not be made.
  while (outputNames.length > 1 && !read.has(outputNames.at(-1) ?? '')) outputNames.pop();
  checkArity(title, 'outputs', outputNames.length, op.outputs ?? [1, 1]);

  const reader = new AttributeReader({ ...source, op: qualified(source.domain, source.op) });
  const attributes = op.attributes?.(reader, source.opset ?? opset) ?? {};
  reader.finish();
  const open = { name: source.name, attributes, inputs, outputCount: outputNames.length, declaredOutputs: source.outputs.length };
  const folds = inputs.every((value) => value?.constant || value === undefined || op.shapeOnly) && evaluates(op, inputs);
  const runs = folds ? op : runner(op, inputs, title);
  const shapes = op.inferShape(open);
  if (folds && op.sizes) {
    budget.spend(title, op, open, []);
    const data = evaluated(op, { ...open, op, outputs: [] });
    const sizes = op.sizes(open, data);
    shapes.forEach(({ type }, i) => {
      const constant = { name: outputNames[i] ?? '', type, dims: sizes[i] ?? [], read: () => data[i] as TypedArray };
      scope.set(constant.name, constantValue(constant));
    });
    return undefined;
  }
  const outputs = shapes.map(({ type, dims }, i): Value => {
    elementCount(dims, `${title}: its output`);
    return { name: outputNames[i] ?? '', type, dims };
  });
  const node: Node = { ...open, op: runs, outputs };
  if (!folds) {
    // A custom operator also makes outputs that the file leaves out.
    for (const output of outputs) if (output.name !== '') scope.set(output.name, output);
    return node;
  }
  const [only] = inputs;
  if (op === identity && only) {
    // The same value object, so that weights are packed once whatever their names.
    scope.set(outputNames[0] ?? '', only);
    return undefined;
  }
  budget.spend(title, op, open, outputs);
  const fixed = !op.shapeOnly && inputs.every((value) => !value || value.fixed);
  // An empty tensor: nothing to compute, however large the other dimensions are.
  const empty = outputs.every(({ dims }) => dims.includes(0));
  const data = memoised(() => (empty ? outputs.map(({ type }) => new arrayTypes[type](0)) : evaluated(op, node)), outputs);
  // Each constant is computed when it is read, by those before it (the file's own have depth 0); some in a long chain are
  // computed now, because the recursion would become too deep.
  let depth = 1 + Math.max(0, ...inputs.map((value) => (value && depths.get(value)) ?? 0));
  if (depth > MOST_DEPTH) {
    data();
    depth = 0;
  }
  outputs.forEach((value, i) => {
    const part = op.fill && !empty && { fill: (target: TypedArray, from: number) => op.fill?.(node, target, from) };
    const folded = constantValue({ ...value, read: () => data()[i] as TypedArray, ...part }, value.name, fixed);
    depths.set(folded, depth);
    origins.set(folded, node);
    scope.set(value.name, folded);
  });
  return undefined;
}

/** Depth of folded constants: how many are computed one inside the other. */
const depths = new WeakMap<Value, number>();
const MOST_DEPTH = 256;

/** The nodes that folded constants are computed by. */
export const origins = new WeakMap<Value, Node>();

const evaluated = (op: Operator, node: Node): readonly TypedArray[] =>
  defined(op.evaluate, node.name)(
    node,
    node.inputs.map((value) => value?.constant?.read()),
  );

/**
 * Results of up to this many elements are kept. Larger ones (weights) are computed when they are read, and kept while they
 * are in use: a WeakRef lasts at least until the current job ends, so that a chain of such constants is computed once, not
 * once for every path through it.
 */
const MOST_MEMOISED = 1 << 16;

function memoised<T extends object>(compute: () => T, outputs: readonly Value[]): () => T {
  const small = outputs.reduce((sum, { dims }) => sum + product(dims), 0) <= MOST_MEMOISED;
  let result: T | undefined;
  let recent: WeakRef<T> | undefined;
  return () => {
    const earlier = result ?? recent?.deref();
    if (earlier) return earlier;
    const value = compute();
    if (small) result = value;
    else recent = new WeakRef(value);
    return value;
  };
}

/** Whether the operator's `evaluate` takes these inputs. */
function evaluates({ evaluate, evaluatedTypes, types }: Operator, inputs: readonly (Value | undefined)[]): boolean {
  if (!evaluate) return false;
  return inputs.every((value, i) => {
    // Shapes and indices always have one type, also without kernels.
    const taken = evaluatedTypes?.[Math.min(i, evaluatedTypes.length - 1)] ?? types?.[Math.min(i, types.length - 1)] ?? 'float32';
    if (!value || taken === 'any') return true;
    // Arithmetic takes any numeric type.
    return taken === 'float32' ? value.type !== 'bool' : taken.includes(value.type);
  });
}

/**
 * The operator with its kernels, or run by `evaluate` if those do not take the inputs' types. @throws LanewiseError
 * UNSUPPORTED
 */
export function runner(op: Operator, inputs: readonly (Value | undefined)[], title: string): Operator {
  const wanted = (i: number) => op.types?.[Math.min(i, op.types.length - 1)] ?? 'float32';
  const misfit = inputs.findIndex((value, i) => value && wanted(i) !== 'any' && value.type !== wanted(i));
  if (op.lower && misfit < 0) return op;
  if (evaluates(op, inputs)) return hosted(op);
  const value = inputs[Math.max(0, misfit)];
  throw new LanewiseError(
    'UNSUPPORTED',
    `${title}: input '${value?.name}' is ${value?.type}; ${misfit < 0 || wanted(misfit) === 'any' ? 'other types are' : `${wanted(misfit)} is`} supported`,
  );
}

function checkArity(title: string, what: string, count: number, [least, most]: readonly [number, number]): void {
  if (count < least) throw new LanewiseError('INVALID_MODEL', `${title} has ${count} ${what}, needs ${least}`);
  if (count > most) throw new LanewiseError('UNSUPPORTED', `${title} has ${count} ${what}; ${most} are supported`);
}
