import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { arrayTypes, type DataType, elementCount, Tensor, type TypedArray } from '../graph/tensor.ts';
import { AttributeReader, nodeTitle } from '../ops/attributes.ts';
import { type CustomOperator, qualified } from '../ops/custom.ts';
import { identity } from '../ops/identity.ts';
import { operators } from '../ops/index.ts';
import type { Node, Operator, Value } from '../ops/operator.ts';
import { constantValue } from '../ops/shapes.ts';
import { Budget, DEFAULT_MEMORY_LIMIT } from './budget.ts';
import { hosted } from './host.ts';
import { known, Network } from './network.ts';

/** A graph's operator set version; 1 where the file leaves it out. */
const opsetOf = (graph: Graph): number => graph.opsets.get('') ?? 1;

/**
 * Checks that every operator of the graph runs.
 * @param custom the user's own operators
 * @throws LanewiseError UNSUPPORTED that lists all that do not, with their nodes
 */
export function checkOperators(graph: Graph, custom?: readonly CustomOperator[]): void {
  const opset = opsetOf(graph);
  const find = operatorFinder(custom);
  const missing = new Map<string, string[]>();
  for (const node of graph.nodes) {
    const operator = find(node);
    const [from, to] = operator?.opsets ?? [0, 0];
    if (operator && opset >= from && opset <= to) continue;
    const name = qualified(node.domain, node.op);
    const title = operator ? `${name} of opset ${opset} (opsets ${from} to ${to} are supported)` : name;
    missing.set(title, [...(missing.get(title) ?? []), node.name]);
  }
  if (missing.size === 0) return;
  const list = [...missing].map(([title, nodes]) => {
    const shown = nodes.slice(0, 3).map((name) => `'${name}'`);
    return `${title} (${nodes.length === 1 ? 'node' : 'nodes'} ${shown.join(', ')}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ''})`;
  });
  const count = missing.size === 1 ? 'an unsupported operator' : `${missing.size} unsupported operators`;
  const foreign = graph.nodes.some((node) => node.domain !== '' && !find(node));
  const hint = foreign ? '; the option operators can supply those of other domains' : '';
  throw new LanewiseError('UNSUPPORTED', `the model (opset ${opset}) has ${count}: ${list.join('; ')}${hint}`);
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
  return ({ domain, op }) => own.get(qualified(domain, op)) ?? (domain === '' ? operators.get(op) : undefined);
}

/** A graph with all shapes known. */
export interface Bound {
  readonly network: Network;
  /** The names of the network's outputs: those of the graph's that it makes, then what the tail reads. */
  readonly names: readonly string[];
  /** The nodes whose sizes only a run tells, and what hangs on them. */
  readonly tail?: Tail;
}

export interface Tail {
  readonly nodes: readonly GraphNode[];
  /** The graph's outputs from the tensors it reads, and the graph's inputs. */
  run(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor>;
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
}

/** Makes a network of a graph for given input shapes: attributes read, shapes inferred, what is constant computed. */
export function bind(graph: Graph, options: BindOptions): Bound {
  const { dims, values = new Map(), memoryLimit = DEFAULT_MEMORY_LIMIT, operators: custom } = options;
  checkOperators(graph, custom);
  const find = operatorFinder(custom);
  const scope = new Map<string, Value>();
  for (const [name, constant] of graph.constants) scope.set(name, constantValue(constant, name, true));
  const read = namesRead(graph);
  const inputs = graph.inputs
    .filter(({ name }) => read.has(name))
    .map(({ name, type }): Value => {
      const tensor = values.get(name);
      const value: Value = tensor ? constantOf(name, tensor) : { name, type, dims: known(dims.get(name), `the shape of input '${name}'`) };
      scope.set(name, value);
      return value;
    });
  const binder: Binder = { opset: opsetOf(graph), find, scope, read, budget: new Budget(graph, memoryLimit) };
  const nodes: Node[] = [];
  const tail: GraphNode[] = [];
  const late = new Set<string>();
  for (const source of graph.nodes) {
    const op = find(source);
    if (isLate(source, op, scope, late)) {
      checkTail(source, op);
      tail.push(source);
      for (const name of source.outputs) late.add(name);
    } else {
      const node = bindNode(source, binder);
      if (node) nodes.push(node);
    }
  }
  const early = graph.outputs.map(({ name }) => name).filter((name) => !late.has(name));
  const names = [...early, ...tailReads(tail, scope, graph)];
  const outputs = names.map((name) => known(scope.get(name), `the output '${name}'`));
  const network = new Network(inputs, outputs, nodes);
  if (tail.length === 0) return { network, names };
  const run: Tail['run'] = (tensors) => runTail(graph, tail, { ...binder, budget: new Budget(graph, memoryLimit, false) }, tensors);
  return { network, names, tail: { nodes: tail, run } };
}

/** What a plan is made of is of the types that it computes in. */
const constantOf = (name: string, tensor: Tensor): Value => {
  const { type, dims, data } = tensor as Tensor<DataType>;
  return constantValue({ name, type, dims, read: () => data });
};

/** The names that a node reads or that are outputs. */
export const namesRead = ({ nodes, outputs }: Graph): Set<string> =>
  new Set([...nodes.flatMap((node) => node.inputs), ...outputs.map(({ name }) => name)]);

/** Whether a node has to wait for a run: for the elements that size its outputs, or for a node that does. */
function isLate(source: GraphNode, op: Operator | undefined, scope: ReadonlyMap<string, Value>, late: ReadonlySet<string>): boolean {
  if (source.inputs.some((name) => late.has(name))) return true;
  const open = (name: string | undefined) => name !== undefined && name !== '' && !scope.get(name)?.constant;
  return (op?.constantInputs ?? []).some((i) => open(source.inputs[i])) || (op?.sizes !== undefined && source.inputs.some(open));
}

/** @throws LanewiseError UNSUPPORTED */
function checkTail(source: GraphNode, op: Operator | undefined): void {
  if (op?.evaluate) return;
  throw new LanewiseError(
    'UNSUPPORTED',
    `${titleOf(source)} works on a shape that only a run of the network can tell, which is not supported`,
  );
}

/** What the tail reads that a run of the program makes. Inputs of the graph are at hand anyway. */
function tailReads(tail: readonly GraphNode[], scope: ReadonlyMap<string, Value>, graph: Graph): string[] {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const made = (name: string) => !inputs.has(name) && scope.has(name) && !scope.get(name)?.constant;
  return [...new Set(tail.flatMap((node) => node.inputs).filter(made))];
}

function runTail(
  graph: Graph,
  tail: readonly GraphNode[],
  binder: Binder,
  tensors: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Tensor> {
  const scope = new Map([...binder.scope].filter(([, value]) => value.constant));
  for (const [name, tensor] of tensors) scope.set(name, constantOf(name, tensor));
  for (const source of tail) {
    const node = bindNode(source, { ...binder, scope });
    if (!node) continue;
    const types = node.inputs.map((value) => value?.type).join(', ');
    throw new LanewiseError('UNSUPPORTED', `${titleOf(source)} of ${types}, behind a node whose size only a run tells, is not supported`);
  }
  return new Map(
    graph.outputs.map(({ name }) => {
      const { type, dims, constant } = known(scope.get(name), `the output '${name}'`);
      // A copy: it may be the caller's input under another shape, or the file's bytes.
      return [name, tensors.get(name) ?? new Tensor(type, known(constant, name).read().slice() as never, dims)];
    }),
  );
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
const titleOf = ({ domain, op, name }: GraphNode): string => nodeTitle({ op: qualified(domain, op), name });

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
  const attributes = op.attributes?.(reader, opset) ?? {};
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
    const folded = constantValue({ ...value, read: () => data()[i] as TypedArray }, value.name, fixed);
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
