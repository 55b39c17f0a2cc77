import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { allNodes, type Graph, type GraphNode, readsOf } from '../graph/graph.ts';
import { arrayTypes, type DataType, elementCount, Tensor, type TypedArray } from '../graph/tensor.ts';
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
import { known, Network } from './network.ts';

/** A graph's operator set version; 1 where the file leaves it out. */
export const opsetOf = (graph: Graph): number => graph.opsets.get('') ?? 1;

/** The nodes that no operator runs at the graph's opset. Where there is one, `more` operators and the reason are in `operators.ts`. */
export function nodesWithout(graph: Graph, find: FindOperator): readonly GraphNode[] {
  const opset = opsetOf(graph);
  return [...allNodes(graph)].filter((node) => {
    const version = node.opset ?? opset;
    const { since = Number.POSITIVE_INFINITY, until = version } = find(node) ?? {};
    return version < since || version > until;
  });
}

/** The pack whose kernels any plan of the graph may need. What becomes other nodes only in a plan (onnxruntime's operators) may need any. */
export function neededPack(graph: Graph, find: FindOperator): Pack {
  const opset = opsetOf(graph);
  const needsMore = (node: GraphNode): boolean => {
    const operator = find(node);
    return node.domain === 'com.microsoft' || operator?.pack === 'more' || operator?.rare?.(node, node.opset ?? opset) === true;
  };
  return [...allNodes(graph)].some(needsMore) ? 'more' : 'core';
}

/** An operator for a node; undefined where there is none. */
export type FindOperator = (node: Pick<GraphNode, 'op' | 'domain'>) => Operator | undefined;

/**
 * Finds the operators of nodes: the user's go first, so that they may stand in for ONNX's.
 * @throws LanewiseError INVALID_INPUT where `custom` is no list of operators, or has two of one domain and name
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
  /** The names of the network's outputs: those of the graph's that it makes, then what the late nodes read. */
  readonly names: readonly string[];
  readonly late?: Late;
}

export interface BindOptions {
  /** The shape of every graph input. */
  readonly dims: ReadonlyMap<string, readonly number[]>;
  /** The inputs whose elements shape the network, as constants. */
  readonly values?: ReadonlyMap<string, Tensor> | undefined;
  /** Most bytes of the tensors that are computed while the plan is made; for large files it is more. */
  readonly memoryLimit?: number | undefined;
  /** The user's own operators. */
  readonly operators?: readonly CustomOperator[] | undefined;
  /** Names that stand for no tensor but for a sequence or an optional: what reads them is late. */
  readonly lists?: Iterable<string> | undefined;
  /** Whether this is part of a run: what is computed then is the caller's work, and not counted against the file. */
  readonly running?: boolean | undefined;
}

/**
 * Makes a network of a graph for given input shapes: attributes read, shapes inferred, what is constant computed. Its operators are those that
 * `prepareOperators` or `checkOperators` has found.
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
      const value: Value = tensor ? constantOf(name, tensor) : { name, type, dims: known(dims.get(name), `the shape of input '${name}'`) };
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
      waiting.push(...inside.nodes.toReversed());
    } else {
      const node = bindNode(source, binder);
      if (node) nodes.push(node);
    }
  }
  const wanted = graph.outputs.map(({ name }) => name);
  const early = wanted.filter((name) => !late.has(name));
  const names = [...early, ...lateReads(lateNodes, scope, graph)];
  const outputs = names.map((name) => known(scope.get(name), `the output '${name}'`));
  const network = new Network(inputs, outputs, nodes);
  return {
    network,
    names,
    ...(lateNodes.length > 0 ? { late: { nodes: lateNodes, outputs: wanted.filter((name) => late.has(name)), scope } } : {}),
  };
}

/** What a plan is made of is of the types that it computes in. */
export const constantOf = (name: string, tensor: Tensor): Value => {
  const { type, dims, data } = tensor as Tensor<DataType>;
  return constantValue({ name, type, dims, read: () => data });
};

/** The names that a node reads or that are outputs. */
export const namesRead = ({ nodes, outputs }: Graph): Set<string> =>
  new Set([...nodes.flatMap(readsOf), ...outputs.map(({ name }) => name)]);

/** Whether a node has to wait for a run: for the elements that size its outputs, for a node that does, or because its operator does. */
function isLate(source: GraphNode, op: Operator | undefined, scope: ReadonlyMap<string, Value>, late: ReadonlySet<string>): boolean {
  // What a branch reads matters to its nodes alone.
  if ((op?.expand ? source.inputs : readsOf(source)).some((name) => late.has(name))) return true;
  const open = (name: string | undefined) => name !== undefined && name !== '' && !scope.get(name)?.constant;
  return (
    op?.dynamic === true ||
    (op?.constantInputs ?? []).some((i) => open(source.inputs[i])) ||
    (op?.sizes !== undefined && source.inputs.some(open))
  );
}

/** What late nodes read that a run of the program makes. Inputs of the graph are at hand anyway. */
function lateReads(nodes: readonly GraphNode[], scope: ReadonlyMap<string, Value>, graph: Graph): string[] {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const made = (name: string) => !inputs.has(name) && scope.has(name) && !scope.get(name)?.constant;
  return [...new Set(nodes.flatMap(readsOf).filter(made))];
}

/**
 * Runs a node whose inputs are known, on the host.
 * @throws LanewiseError UNSUPPORTED where it has kernels only
 */
export function evaluateNode(
  source: GraphNode,
  graph: Graph,
  tensors: ReadonlyMap<string, Tensor>,
  options: BindOptions,
): readonly Tensor[] {
  const scope = new Map([...tensors].map(([name, tensor]) => [name, constantOf(name, tensor)]));
  const budget = new Budget(graph, options.memoryLimit ?? DEFAULT_MEMORY_LIMIT, false);
  const find = operatorFinder(options.operators);
  const node = bindNode(source, { opset: opsetOf(graph), find, scope, read: new Set(source.outputs), budget });
  if (node)
    throw new LanewiseError('UNSUPPORTED', `${titleOf(source)} of ${node.inputs.map((value) => value?.type)} cannot be computed here`);
  return source.outputs.map((name) => {
    const { type, dims, constant } = known(scope.get(name), titleOf(source));
    return new Tensor(type, known(constant, name).read() as never, dims);
  });
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

/** Adds the node's outputs to the scope. Undefined where they are constants. */
function bindNode(source: GraphNode, { opset, find, scope, read, budget }: Binder): Node | undefined {
  const title = titleOf(source);
  const op = known(find(source), title);
  const inputs = source.inputs.map((name) => (name === '' ? undefined : known(scope.get(name), `${title}: input '${name}'`)));
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
    // A custom operator makes outputs that the file may leave out.
    for (const output of outputs) if (output.name !== '') scope.set(output.name, output);
    return node;
  }
  const [only] = inputs;
  if (op === identity && only) {
    // The very value, so that weights are packed once whatever their names.
    scope.set(outputNames[0] ?? '', only);
    return undefined;
  }
  budget.spend(title, op, open, outputs);
  const fixed = !op.shapeOnly && inputs.every((value) => !value || value.fixed);
  // Nothing to compute, however large the other dimensions are.
  const empty = outputs.every(({ dims }) => dims.includes(0));
  const data = kept(() => (empty ? outputs.map(({ type }) => new arrayTypes[type](0)) : evaluated(op, node)), outputs);
  // Each is computed when it is read, by those before it; of a long chain some are computed now, or it would be too deep to be.
  let depth = 1 + Math.max(0, ...inputs.map((value) => (value && depths.get(value)) ?? 0));
  if (depth > MOST_DEPTH) {
    data();
    depth = 0;
  }
  outputs.forEach((value, i) => {
    const part = op.fill && !empty && { fill: (target: TypedArray, from: number) => op.fill?.(node, target, from) };
    const folded = constantValue({ ...value, read: () => data()[i] as TypedArray, ...part }, value.name, fixed);
    depths.set(folded, depth);
    scope.set(value.name, folded);
  });
  return undefined;
}

/** Of folded constants, how many are computed one inside the other. */
const depths = new WeakMap<Value, number>();
const MOST_DEPTH = 256;

const evaluated = (op: Operator, node: Node): readonly TypedArray[] =>
  known(op.evaluate, node.name)(
    node,
    node.inputs.map((value) => value?.constant?.read()),
  );

/**
 * Results of up to so many elements stay. Larger ones (weights) are computed when they are read, as they are from files, and stay while they
 * are in use: a WeakRef holds at least until the end of what runs now, so that a chain of such constants is computed once and not once for
 * every path through it.
 */
const MOST_KEPT = 1 << 16;

function kept<T extends object>(compute: () => T, outputs: readonly Value[]): () => T {
  const small = outputs.reduce((sum, { dims }) => sum + product(dims), 0) <= MOST_KEPT;
  let result: T | undefined;
  let recent: WeakRef<T> | undefined;
  return () => {
    const known = result ?? recent?.deref();
    if (known) return known;
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
    // Shapes and indices have one type, kernels or not.
    const taken = evaluatedTypes?.[Math.min(i, evaluatedTypes.length - 1)] ?? types?.[Math.min(i, types.length - 1)] ?? 'float32';
    if (!value || taken === 'any') return true;
    // What computes takes any number.
    return taken === 'float32' ? value.type !== 'bool' : taken.includes(value.type);
  });
}

/** The operator with its kernels, or run by `evaluate` where those do not take the inputs' types. @throws LanewiseError UNSUPPORTED */
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
