import { NR, Op, PackArg, WINOGRAD_SCRATCH, WinogradWeightsArg } from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import { type DataType, elementBytes } from '../graph/tensor.ts';
import { bytesOf, type Value } from '../graph/value.ts';
import type { Panels } from '../ops/operator.ts';
import type { Args, Buffer, Pointer } from '../plan/place.ts';
import type { Copy, LoadStep, Resident } from '../plan/plan.ts';
import { defined } from './network.ts';
import { filler } from './passes/constants.ts';

/** How weights of a type are packed into panels. */
interface Packing {
  readonly op: Op;
  /** Bytes of a panel of weights of that depth, and of what is before them. */
  bytes(depth: Panels['depth']): number;
}

/** By the type of the packed elements. The chunk of integers adds its own. */
export const packing: Partial<Record<DataType, Packing>> = {
  float32: { op: Op.PackPanels, bytes: (depth) => 4 * NR * (product(depth) + 1) },
};

const formOf = ({ weights, type = weights.type }: Panels): Packing => defined(packing[type], `a kernel that packs ${type}`);

/** The instruction that packs the panels. */
export const packingOf = (panels: Panels): Op => formOf(panels).op;

/** Bytes of a bias: sums are float32, or int32 for integers. */
const BIAS_BYTES = 4;

/** Bytes of packed weights: for each panel a row of biases, then rows of weights. */
export function panelBytes(panels: Panels): number {
  const { groups, columns, depth, winograd } = panels;
  return groups * Math.ceil(columns / NR) * formOf(panels).bytes(winograd ? [winograd.points ** 2, 1, depth[2]] : depth);
}

/** The words of the instruction that packs `groups` groups of `columns` columns. */
export function packArgs(panels: Panels, source: Pointer, bias: Pointer | 0, output: Pointer, groups: number, columns: number): Args {
  const { depth, strides, biasStride = 1, alpha = 1, beta = 1 } = panels;
  return {
    [PackArg.Source]: source,
    [PackArg.Bias]: bias,
    [PackArg.Output]: output,
    [PackArg.Groups]: groups,
    [PackArg.Columns]: columns,
    [PackArg.Depth0]: depth[0],
    [PackArg.Depth1]: depth[1],
    [PackArg.Depth2]: depth[2],
    [PackArg.GroupStride]: panels.groupStride,
    [PackArg.ColumnStride]: panels.columnStride,
    [PackArg.Stride0]: strides[0],
    [PackArg.Stride1]: strides[1],
    [PackArg.Stride2]: strides[2],
    [PackArg.BiasStride]: biasStride,
    [PackArg.Alpha]: { float: alpha },
    [PackArg.Beta]: { float: beta },
  };
}

/** The words of the instruction that transforms packed weights for Winograd's algorithm. */
export function transformArgs({ groups, columns, depth, winograd }: Panels, packed: Pointer, output: Pointer, scratch: Pointer): Args {
  return {
    [WinogradWeightsArg.Input]: packed,
    [WinogradWeightsArg.Output]: output,
    [WinogradWeightsArg.Scratch]: scratch,
    [WinogradWeightsArg.Panels]: groups * Math.ceil(columns / NR),
    [WinogradWeightsArg.Channels]: depth[2],
    [WinogradWeightsArg.Points]: winograd?.points ?? 0,
    [WinogradWeightsArg.Taps]: winograd?.taps ?? 0,
  };
}

/** Weights are staged in parts of about this many bytes: few parts for a file, and little memory beside the packed weights. */
const STAGING_BYTES = 256 * 1024;

/**
 * Constant weights, packed at load: part after part is copied into the staging buffer and packed from there by the kernel
 * that packs weights at run time. Weights whose columns are not the outermost dimension ([K, N]) are staged in one part.
 */
export function packedResident(panels: Panels): { weight: Resident; staging: Buffer } {
  const { weights, bias, groups, columns, groupStride, columnStride, depth, offset = 0, biasStride = 1 } = panels;
  const total = product(depth);
  const bytes = panelBytes(panels);
  const byColumn = groups === 1 && columnStride === total;
  const byGroup = groups > 1;
  // A unit is a panel of columns, or a group; else everything.
  const units = byColumn ? Math.ceil(columns / NR) : byGroup ? groups : 1;
  const unitElements = byColumn ? NR * total : byGroup ? groupStride : total * columns;
  const unitsPerPart = Math.max(1, Math.min(units, Math.floor(STAGING_BYTES / (unitElements * elementBytes(weights.type)))));
  const columnsPerUnit = byColumn ? NR : columns;
  const outputPerUnit = bytes / units;
  // A bias is staged behind the weights, aligned to its own type.
  const biasFrom = Math.ceil((unitsPerPart * unitElements * elementBytes(weights.type)) / BIAS_BYTES) * BIAS_BYTES;
  const { winograd } = panels;
  // After the staged part, its packed form that is yet to be transformed, and the transform's scratch.
  const stagedBytes = biasFrom + unitsPerPart * columnsPerUnit * BIAS_BYTES;
  const packedBytes = winograd ? (unitsPerPart * panelBytes({ ...panels, winograd: undefined })) / units : 0;
  const staging: Buffer = { region: 'arena', bytes: stagedBytes + packedBytes + (winograd ? WINOGRAD_SCRATCH : 0), offset: 0 };
  const buffer: Buffer = { region: regionOf(weights.fixed && bias?.fixed !== false), bytes, offset: 0 };

  function* load(): Generator<LoadStep> {
    const fill = filler(weights.constant as Constant);
    const fillBias = bias?.constant && filler(bias.constant);
    for (let unit = 0; unit < units; unit += unitsPerPart) {
      const here = Math.min(unitsPerPart, units - unit);
      const firstColumn = unit * columnsPerUnit;
      const columnCount = byGroup ? columns : Math.min(columns - firstColumn, here * columnsPerUnit);
      const first = offset + unit * unitElements;
      const length = Math.min(here * unitElements, product(weights.dims) - first);
      const to = { buffer: staging, offset: 0 };
      const biasAt = { buffer: staging, offset: biasFrom };
      const copies: Copy[] = [{ type: weights.type, length, to, fill: (target) => fill(target, first) }];
      if (bias && fillBias) {
        const from = biasStride === 0 ? 0 : firstColumn;
        const length = biasStride === 0 ? product(bias.dims) : byGroup ? here * columns : columnCount;
        copies.push({ type: bias.type, length, to: biasAt, fill: (target) => fillBias(target, from) });
      }
      const output = { buffer, offset: unit * outputPerUnit };
      const packed = winograd ? { buffer: staging, offset: stagedBytes } : output;
      const instruction = { node: weights.name, macs: 0 };
      const groups = byGroup ? here : 1;
      const args = packArgs(panels, to, bias ? biasAt : 0, packed, groups, columnCount);
      yield { copies, instruction: { op: packingOf(panels), args, ...instruction } };
      if (!winograd) continue;
      const scratch = { buffer: staging, offset: stagedBytes + packedBytes };
      const transform = transformArgs({ ...panels, groups, columns: columnCount }, packed, output, scratch);
      yield { copies: [], instruction: { op: Op.WinogradWeights, args: transform, ...instruction } };
    }
  }
  // Everything that packing depends on; names may hold any character.
  const { weights: _, bias: __, ...numbers } = panels;
  const key = JSON.stringify(['panels', weights.name, bias?.name, numbers]);
  return { weight: { key, buffer, packed: winograd ? 'winograd' : 'panels', load }, staging };
}

/** Weights stay for all plans; constants that depend on the shapes of the inputs belong to their plan. */
const regionOf = (fixed: boolean | undefined): 'weights' | 'plan' => (fixed ? 'weights' : 'plan');

/** A constant that is not packed, or a state. */
export function rawResident(value: Value): Resident {
  const buffer: Buffer = { region: regionOf(value.state !== undefined || value.fixed), bytes: bytesOf(value), offset: 0 };
  return {
    key: JSON.stringify([value.state ? 'state' : 'raw', value.name]),
    buffer,
    load: () => {
      const fill = filler((value.state ?? value.constant) as Constant);
      return [
        { copies: [{ type: value.type, length: product(value.dims), to: { buffer, offset: 0 }, fill: (target) => fill(target, 0) }] },
      ];
    },
  };
}

/** Lists of up to this many elements are distinguished by their bits, longer ones by a number. */
const MOST_COMPARED = 1024;
let longLists = 0;

/** A list that the plan computed; equal short lists are the same resident. */
export function tableResident(data: Float32Array | Int32Array): Resident {
  const buffer: Buffer = { region: 'plan', bytes: data.byteLength, offset: 0 };
  return {
    key: JSON.stringify([
      'table',
      data.length > MOST_COMPARED ? ++longLists : [...new Int32Array(data.buffer, data.byteOffset, data.length)],
    ]),
    buffer,
    load: () => [{ copies: [copyOf(data, buffer)] }],
  };
}

const copyOf = (data: Float32Array | Int32Array, buffer: Buffer): Copy => ({
  type: data instanceof Int32Array ? 'int32' : 'float32',
  length: data.length,
  to: { buffer, offset: 0 },
  fill: (target) => target.set(data as never),
});

/** Zeros. They are written, because a later plan finds the memory used. */
export const zeroResident = (buffer: Buffer): Resident => ({
  key: JSON.stringify(['zeros', buffer.bytes]),
  buffer,
  load: () => [
    { copies: [{ type: 'uint8', length: buffer.bytes, to: { buffer, offset: 0 }, fill: (target) => void (target as Uint8Array).fill(0) }] },
  ],
});
