import { AveragePoolArg, Op } from '../../assembly/opcodes.ts';
import type { LayoutRule, Lowering, Node, OpenNode, Operator } from './operator.ts';
import { asImage, input, invalid } from './shapes.ts';
import { readWindow, resolveWindow, type Window, type WindowAttributes, wholeWindow, windowArgs, windowReach } from './window.ts';

const channelsLast = (): LayoutRule => ({ inputs: ['channelsLast'], output: 'channelsLast' });

const pooled = (node: OpenNode<unknown>, window: Window) => {
  const { dims } = input(node, 0);
  return [{ type: 'float32' as const, dims: [...dims.slice(0, 2), ...window.out] }];
};

/** ONNX MaxPool over one or two spatial dimensions, without the indices output. Padding never wins. */
export const maxPool: Operator<WindowAttributes> = {
  name: 'MaxPool',
  opsets: [7, 21],
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: (reader) => {
    if (reader.flag('storage_order')) throw reader.unsupported('storage_order 1, which numbers indices, is not supported');
    return readWindow(reader, { ceil: true });
  },
  inferShape: (node) => pooled(node, resolveWindow(node, input(node, 0).dims)),
  layout: channelsLast,
  reach: (node) => windowReach(resolveWindow(node, input(node, 0).dims)),
  lower: (node, to) => lowerMax(node, resolveWindow(node, input(node, 0).dims), to),
};

interface AveragePoolAttributes extends WindowAttributes {
  readonly countIncludePad: boolean;
}

/** ONNX AveragePool over one or two spatial dimensions. */
export const averagePool: Operator<AveragePoolAttributes> = {
  name: 'AveragePool',
  opsets: [7, 21],
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: (reader) => ({ ...readWindow(reader, { ceil: true }), countIncludePad: reader.flag('count_include_pad') }),
  inferShape: (node) => pooled(node, resolveWindow(node, input(node, 0).dims)),
  layout: channelsLast,
  reach: (node) => windowReach(resolveWindow(node, input(node, 0).dims)),
  lower: (node, to) => lowerAverage(node, resolveWindow(node, input(node, 0).dims), node.attributes.countIncludePad, to),
};

/** The whole picture as one window. Several spatial dimensions are one here, so any number of them will do. */
function globalWindow(node: OpenNode<unknown>): Window {
  const { dims } = input(node, 0);
  const { height, width } = asImage(dims);
  if (dims.length < 3) throw invalid(node, 'global pooling needs an input [N, C, ...] with spatial dimensions');
  if (height * width === 0) throw invalid(node, 'global pooling of an empty picture');
  return wholeWindow([height, width], dims.slice(2).fill(1));
}

function globalPool(name: string, lower: (node: Node, window: Window, to: Lowering) => void): Operator {
  return {
    name,
    opsets: [1, 21],
    inputs: [1, 1],
    outputs: [1, 1],
    attributes: () => ({}),
    inferShape: (node) => pooled(node, globalWindow(node)),
    layout: channelsLast,
    reach: (node) => windowReach(globalWindow(node)),
    lower: (node, to) => lower(node, globalWindow(node), to),
  };
}

/** ONNX GlobalAveragePool. */
export const globalAveragePool = globalPool('GlobalAveragePool', (node, window, to) => lowerAverage(node, window, false, to));

/** ONNX GlobalMaxPool. */
export const globalMaxPool = globalPool('GlobalMaxPool', lowerMax);

function poolArgs(node: Node, window: Window, to: Lowering) {
  const [x, y] = [input(node, 0), node.outputs[0] as Node['outputs'][0]];
  return windowArgs(window, x, y, to.place(x), to.define(y), asImage(x.dims).channels);
}

function lowerMax(node: Node, window: Window, to: Lowering): void {
  to.emit(Op.MaxPool, poolArgs(node, window, to));
}

function lowerAverage(node: Node, window: Window, countIncludePad: boolean, to: Lowering): void {
  to.emit(Op.AveragePool, {
    ...poolArgs(node, window, to),
    [AveragePoolArg.CountIncludePad]: countIncludePad ? 1 : 0,
    [AveragePoolArg.PadBottom]: window.padEnd[0],
    [AveragePoolArg.PadRight]: window.padEnd[1],
  });
}
