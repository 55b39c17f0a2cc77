import { LanewiseError } from '../errors.ts';
import { isTensorType } from '../graph/tensor.ts';
import type { Pair } from './receptiveField.ts';
import type { LayerSummary, NetworkSummary } from './summary.ts';
import { formatBytes, formatCount, table } from './text.ts';

const header = ['layer', 'operator', 'output', 'params', 'MACs', 'bytes', 'sees', 'stride', 'offset'];

/** Names longer than this are cut at the beginning. */
const LONGEST_NAME = 36;

/** Up to this many characters, the paths of a concatenation are written one by one. */
const LONGEST_SUM = 12;

/** If there are more runs of equal paths, only the first and the last are shown. */
const MOST_RUNS = 6;

/**
 * The table of a network's layers, about 120 columns at most: operator, output, parameters, multiply-accumulates, bytes of
 * the output, the size of the receptive field, its stride and offset (one number where height and width have the same).
 * "all" is a layer that sees the whole picture; a dash stands for nothing, or no meaning. Layers of one module stand under
 * its name, and the paths of a concatenation are added up.
 * @param summary what `summarize` gave
 * @param kernels what runs each layer, by its name: a column more, in which a dash stands for what others compute along
 * @throws LanewiseError INVALID_INPUT for what `summarize` did not give
 * @example
 * import { formatSummary, summarize } from 'lanewise/analysis';
 * import { resnet20 } from 'lanewise/zoo';
 *
 * console.log(formatSummary(summarize(resnet20())));
 */
export function formatSummary(summary: NetworkSummary, kernels?: ReadonlyMap<string, string>): string {
  if (!isSummary(summary)) throw new LanewiseError('INVALID_INPUT', 'formatSummary takes what summarize gives');
  if (kernels !== undefined && !(kernels instanceof Map))
    throw new LanewiseError('INVALID_INPUT', 'formatSummary takes kernels as a Map by layer');
  const { inputs, layers, params, macs, activationBytes } = summary;
  const pictures = inputs.map(({ name, type, dims }) => [
    name,
    type === 'float32' ? 'input' : `input ${type}`,
    dims.join('×'),
    ...header.slice(3).map(() => '–'),
    ...(kernels ? ['–'] : []),
  ]);
  const total = ['total', '', '', formatCount(params), formatCount(macs), formatBytes(activationBytes), '', '', ''];
  const rows = grouped(layers).map(([label, layer]) =>
    layer ? [label, ...cells(layer), ...(kernels ? [kernels.get(layer.name) ?? '–'] : [])] : [label],
  );
  const text = table([...header, ...(kernels ? ['runs as'] : [])], [...pictures, ...rows, total], [3, 4, 5, 6, 7, 8]);
  // The total under a line of its own.
  const lines = text.split('\n');
  return [...lines.slice(0, -1), lines[1], lines.at(-1)].join('\n');
}

const isNumbers = (value: unknown): boolean => Array.isArray(value) && Array.from(value).every((entry) => typeof entry === 'number');
const isLists = (value: unknown): boolean => Array.isArray(value) && Array.from(value).every(isNumbers);

/** Whether a summary's parts have the right kinds. */
function isSummary(summary: NetworkSummary | null | undefined): summary is NetworkSummary {
  const { inputs, layers, params, macs, activationBytes } = summary ?? ({} as NetworkSummary);
  return (
    Array.isArray(inputs) &&
    Array.from(inputs as NetworkSummary['inputs']).every(
      (input) => typeof input?.name === 'string' && isTensorType(input.type) && isNumbers(input.dims),
    ) &&
    Array.isArray(layers) &&
    Array.from(layers as readonly LayerSummary[]).every(isLayer) &&
    isNumbers([params, macs, activationBytes])
  );
}

function isLayer(layer: LayerSummary | null | undefined): boolean {
  if (typeof layer?.name !== 'string' || typeof layer.op !== 'string' || !isLists(layer.inputs)) return false;
  const { output, outputs, receptiveField, receptiveFieldStride, receptiveFieldOffset, params, macs, activationBytes } = layer;
  const lists = [output, receptiveField, receptiveFieldStride, receptiveFieldOffset];
  return (
    lists.every((list) => list === undefined || isNumbers(list)) &&
    (outputs === undefined || isLists(outputs)) &&
    isNumbers([params, macs, activationBytes])
  );
}

function cells(layer: LayerSummary): string[] {
  const { receptiveField: size, receptiveFieldStride: stride, receptiveFieldOffset: offset } = layer;
  const all = size && stride?.every((step, i) => step === 0 || size[i] === 1) && stride.includes(0);
  return [
    operatorOf(layer),
    layer.outputs ? layer.outputs.map((dims) => dims.join('×')).join(' ') : (layer.output?.join('×') ?? '?'),
    layer.params ? formatCount(layer.params) : '–',
    layer.macs ? formatCount(layer.macs) : '–',
    layer.output ? formatBytes(layer.activationBytes) : '?',
    all ? 'all' : (size?.join('×') ?? '–'),
    all ? '–' : pair(stride),
    all ? '–' : pair(offset),
  ];
}

const short = (x: number): string => String(Math.round(x * 1000) / 1000);

const pair = (values: Pair | undefined): string => {
  if (!values) return '–';
  const [height, width] = values.map(short);
  return height === width ? `${height}` : `${height}×${width}`;
};

/** `Concat 64+128+32+32`: the size of each path along the axis, `Concat 64+6·32` if that gets long. */
function operatorOf({ op, inputs, output }: LayerSummary): string {
  // A layer is named by its function.
  if (op.toLowerCase() !== 'concat' || !output || inputs.length < 2) return op;
  const axis = output.findIndex((size, i) => inputs.some((dims) => dims[i] !== size));
  if (axis < 0) return op;
  const runs: { size: number; count: number }[] = [];
  for (const dims of inputs) {
    // Layers may combine inputs of fewer dimensions.
    const size = dims[axis] ?? 0;
    const last = runs.at(-1);
    if (last?.size === size) last.count++;
    else runs.push({ size, count: 1 });
  }
  const plain = inputs.map((dims) => dims[axis]).join('+');
  if (plain.length <= LONGEST_SUM) return `${op} ${plain}`;
  const parts = runs.map(({ size, count }) => (count === 1 ? `${size}` : `${count}·${size}`));
  const shown = parts.length <= MOST_RUNS ? parts : [...parts.slice(0, 2), '…', ...parts.slice(-1)];
  return `${op} ${shown.join('+')}`;
}

/** The rows: the layers' labels, and before those of a module a row with its name. */
function grouped(layers: readonly LayerSummary[]): [label: string, layer?: LayerSummary][] {
  const paths = layers.map(pathOf);
  const modules = new Set(paths.map((path) => path?.module));
  // A module's own numbers, beside those of its parts.
  const placed = paths.map((path, i) =>
    path && modules.has(path.full) ? { ...path, module: path.full, leaf: layers[i]?.op ?? '' } : path,
  );
  const rows: [string, LayerSummary?][] = [];
  let current = '';
  layers.forEach((layer, i) => {
    const path = placed[i];
    let label = layer.name;
    if (path && path.module === current) label = current === '' ? label : path.leaf;
    else if (path) {
      const next = placed.slice(i + 1).find((other) => other !== undefined);
      const opens = path.module !== '' && next?.module === path.module;
      const inside = !opens && current !== '' && /^[./]/.test(path.full.slice(current.length)) && path.full.startsWith(current);
      if (opens) rows.push([path.module]);
      if (inside) label = path.full.slice(current.length + 1);
      else current = opens ? path.module : '';
      if (opens) label = path.leaf;
    }
    rows.push([`${current === '' ? '' : '  '}${shortened(label)}`, layer]);
  });
  return rows;
}

interface Path {
  readonly full: string;
  /** A path without its last part. */
  readonly module: string;
  readonly leaf: string;
}

/**
 * PyTorch names nodes /layer1/layer1.0/conv1/Conv, Lanewise layer1.0.conv1: both are conv1 of layer1.0. Undefined if the
 * name is only the operator's, like Relu_3: such a layer stays with those before it.
 */
function pathOf({ name, op }: LayerSummary): Path | undefined {
  const isOperator = (text: string) => text.replace(/_\d+$/, '') === op;
  if (isOperator(name)) return undefined;
  const full = name.replace(/\/[^/]*$/, (last) => (isOperator(last.slice(1)) ? '' : last));
  const at = full.includes('/') ? full.lastIndexOf('/') : full.lastIndexOf('.');
  return { full, module: full.slice(0, Math.max(0, at)), leaf: full.slice(at + 1) };
}

const shortened = (name: string): string => (name.length > LONGEST_NAME ? `…${name.slice(1 - LONGEST_NAME)}` : name);
