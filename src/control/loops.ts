// Loop and Scan as ONNX defines them: a body runs repeatedly, with one plan as long as its shapes stay the same.

import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { insideType } from '../graph/face.ts';
import type { GraphOutput, Subgraph } from '../graph/graph.ts';
import { arrayTypes, Tensor } from '../graph/tensor.ts';
import { AttributeReader, nodeTitle } from '../ops/attributes.ts';
import { resolveAxis } from '../ops/shapes.ts';
import type { Held, Running } from '../runtime/running.ts';
import { type Around, scalarOf, subgraph, tensorOf } from './around.ts';
import { joined, part, stacked, withoutAxis } from './pieces.ts';

/** A loop with more iterations is taken for a mistake, because only the end of the process could stop it. */
const MOST_TURNS = 2 ** 20;

/** Throws for a loop that nothing ends: neither a trip count nor its body's condition. */
function checkEnds({ node }: Around, { inputs, outputs, nodes, constants }: Subgraph): void {
  const names = new Map(nodes.filter(({ op }) => op === 'Identity').map((node) => [node.outputs[0], node.inputs[0]]));
  let name = outputs[0]?.name;
  while (names.has(name)) name = names.get(name);
  const always = name === inputs[1]?.name || (name !== undefined && constants.get(name)?.read()[0] === 1);
  if (always) throw new LanewiseError('INVALID_MODEL', `${nodeTitle(node)} never ends: it has no trip count, and its condition stays true`);
}

const scalar = (type: 'int64' | 'bool', value: number): Tensor =>
  new Tensor(type, type === 'bool' ? [value] : BigInt64Array.of(BigInt(value)), []);

/** Loop (ONNX operators, Loop-1 to -25). */
export function* loop(around: Around): Running<readonly Held[]> {
  const { node, inputs } = around;
  const title = nodeTitle(node);
  const body = subgraph(node, 'body');
  const carried = inputs.length - 2;
  const scans = body.outputs.length - 1 - carried;
  if (carried < 0 || body.inputs.length !== carried + 2 || scans < 0 || node.outputs.length > carried + scans) {
    throw new LanewiseError(
      'INVALID_MODEL',
      `${title}: its body has ${body.inputs.length} inputs and ${body.outputs.length} outputs, which do not fit its ${inputs.length} inputs and ${node.outputs.length} outputs`,
    );
  }
  const most = inputs[0] === undefined ? Number.POSITIVE_INFINITY : scalarOf(around, 0);
  let on = inputs[1] === undefined || scalarOf(around, 1) !== 0;
  if (on && most === Number.POSITIVE_INFINITY) checkEnds(around, body);
  let state = inputs.slice(2).map((held) => held ?? null);
  const rows = new Rows(around, scans);
  const name = (i: number) => body.inputs[i]?.name ?? '';
  for (let i = 0; i < most && on; i++) {
    if (i === MOST_TURNS) {
      throw new LanewiseError(
        'TOO_LARGE',
        `${title} turns more than ${MOST_TURNS.toLocaleString('en')} times: run its body in a loop of your own`,
      );
    }
    const values: [string, Held][] = [
      [name(0), scalar('int64', i)],
      [name(1), scalar('bool', Number(on))],
    ];
    state.forEach((held, j) => void values.push([name(j + 2), held]));
    const [again, ...outputs] = yield* around.run(body, values);
    if (!(again instanceof Tensor) || again.data.length !== 1)
      throw new LanewiseError('INVALID_MODEL', `${title}: its body gives no condition`);
    on = Number(again.data[0]) !== 0;
    state = outputs.slice(0, carried);
    rows.add(outputs.slice(carried));
  }
  return [...state, ...rows.all(body.outputs.slice(1 + carried), () => 0)];
}

/** A body's outputs of all iterations, to be joined to one tensor. */
class Rows {
  readonly #around: Around;
  readonly #lists: Tensor[][];
  #bytes = 0;

  constructor(around: Around, count: number) {
    this.#around = around;
    this.#lists = Array.from({ length: count }, () => []);
  }

  add(outputs: readonly Held[]): void {
    this.#lists.forEach((list, i) => {
      const held = outputs[i];
      if (!(held instanceof Tensor)) throw new LanewiseError('INVALID_MODEL', `${nodeTitle(this.#around.node)} collects tensors only`);
      list.push(held);
      this.#bytes += held.data.byteLength;
    });
    this.#around.checkBytes(`${nodeTitle(this.#around.node)}: what it collects`, this.#bytes);
  }

  /** @param declared the body's outputs, whose types and shapes are used if it never ran */
  all(declared: readonly GraphOutput[], axisOf: (i: number) => number, backwards: (i: number) => boolean = () => false): Tensor[] {
    return this.#lists.map((list, i) => {
      const { type = 'float32', dims = [] } = declared[i] ?? {};
      if (list.length === 0) {
        const sizes = dims.map((dim) => (typeof dim === 'number' ? dim : 0));
        return new Tensor(type, new arrayTypes[type](0) as never, sizes.toSpliced(Math.min(axisOf(i), sizes.length), 0, 0));
      }
      const title = nodeTitle(this.#around.node);
      const rank = (list[0] as Tensor).dims.length + 1;
      return stacked(title, backwards(i) ? list.toReversed() : list, resolveAxis(this.#around.node, axisOf(i), rank));
    });
  }
}

/** Scan (ONNX operators, Scan-8 to -25). */
export function* scan(around: Around): Running<readonly Held[]> {
  return around.opset < 9 ? yield* batchedScan(around) : yield* scanOf(around, 0);
}

function* scanOf(around: Around, skipped: number): Running<Tensor[]> {
  const { node } = around;
  const title = nodeTitle(node);
  const body = subgraph(node, 'body');
  const reader = new AttributeReader(node);
  const count = reader.int('num_scan_inputs', 0);
  const tensors = around.inputs.slice(skipped).map((_, i) => tensorOf(around, i + skipped));
  const states = tensors.length - count;
  const scans = body.outputs.length - states;
  if (count < 1 || states < 0 || body.inputs.length !== tensors.length || scans < 0) {
    throw new LanewiseError(
      'INVALID_MODEL',
      `${title}: its body has ${body.inputs.length} inputs and ${body.outputs.length} outputs, which do not fit its ${tensors.length} inputs, ${count} of them scanned`,
    );
  }
  const list = (name: string) => reader.ints(name) ?? [];
  const directions = list(skipped ? 'directions' : 'scan_input_directions');
  const [inputAxes, outputAxes, outputDirections] = [list('scan_input_axes'), list('scan_output_axes'), list('scan_output_directions')];
  let state: Tensor[] = tensors.slice(0, states);
  // ONNX: axes that are left out are 0.
  const scanned = tensors.slice(states).map((tensor, i) => ({ tensor, axis: resolveAxis(node, inputAxes[i] ?? 0, tensor.dims.length) }));
  const lengths = scanned.map(({ tensor, axis }) => tensor.dims[axis] as number);
  const [length = 0] = lengths;
  if (lengths.some((other) => other !== length)) {
    throw new LanewiseError('INVALID_INPUT', `${title} scans inputs of one length, got ${lengths.join(', ')}`);
  }
  const rows = new Rows(around, scans);
  for (let t = 0; t < length; t++) {
    const slices = scanned.map(({ tensor, axis }, i) => {
      const at = directions[i] === 1 ? length - 1 - t : t;
      return withoutAxis(part(tensor, axis, at, at + 1), axis);
    });
    const outputs = yield* around.run(
      body,
      [...state, ...slices].map((tensor, i) => [body.inputs[i]?.name ?? '', tensor] as const),
    );
    if (outputs.slice(0, states).some((held) => !(held instanceof Tensor)))
      throw new LanewiseError('INVALID_MODEL', `${title} keeps tensors only`);
    state = outputs.slice(0, states) as Tensor[];
    rows.add(outputs.slice(states));
  }
  return [
    ...state,
    ...rows.all(
      body.outputs.slice(states),
      (i) => outputAxes[i] ?? 0,
      (i) => outputDirections[i] === 1,
    ),
  ];
}

/** Opset 8 has a batch dimension in front of everything, and lengths for each entry of it. */
function* batchedScan(around: Around): Running<readonly Held[]> {
  const { node, inputs } = around;
  const [batch = 0] = tensorOf(around, 1).dims;
  const lengths = inputs[0] instanceof Tensor ? [...inputs[0].data].map(Number) : undefined;
  const count = new AttributeReader(node).int('num_scan_inputs', 0);
  const results: Tensor[][] = [];
  for (let b = 0; b < batch; b++) {
    const own = inputs.slice(1).map((_, i) => {
      const tensor = withoutAxis(part(tensorOf(around, i + 1), 0, b, b + 1), 0);
      const length = i >= inputs.length - 1 - count ? lengths?.[b] : undefined;
      const [most = 0] = tensor.dims;
      return length === undefined ? tensor : part(tensor, 0, 0, Math.min(Math.max(length, 0), most));
    });
    results.push(yield* scanOf({ ...around, inputs: [undefined, ...own] }, 1));
  }
  const states = inputs.length - 1 - count;
  const longest = Math.max(0, ...results.map((outputs) => outputs[states]?.dims[0] ?? 0));
  return (results[0] ?? []).map((_, i) =>
    stacked(
      nodeTitle(node),
      results.map((outputs) => padded(outputs[i] as Tensor, i < states ? undefined : longest)),
      0,
    ),
  );
}

/** Pads with zeros, up to a length. */
function padded(tensor: Tensor, length = 0): Tensor {
  const { type, dims } = tensor;
  const [own = 0] = dims;
  const missing = length - own;
  if (missing <= 0) return tensor;
  const shape = dims.with(0, missing);
  return joined('Scan', [tensor, new Tensor(type, new arrayTypes[insideType(type, false)](product(shape)) as never, shape)], 0);
}
