// Networks of integers: a chunk that `load` fetches for models that have them.

import { NR, type Op } from '../../assembly/opcodes.ts';
import { DEPTH_STEP, PANEL_HEAD, QuantizedOp } from '../../assembly/opcodes-quantized.ts';
import { denseLayers } from '../compiler/passes/flattenWeights.ts';
import { rare } from '../compiler/passes/rare.ts';
import { packing } from '../compiler/weights.ts';
import { operators, otherOperators } from '../ops/index.ts';
import type { Operator, Panels } from '../ops/operator.ts';
import { others } from './contrib/index.ts';
import { addInstructions } from './instructions.ts';
import { qLinearConv } from './ops/conv.ts';
import { convInteger } from './ops/convInteger.ts';
import { dequantizeLinear } from './ops/dequantizeLinear.ts';
import { dynamicQuantizeLinear } from './ops/dynamicQuantizeLinear.ts';
import { matMulInteger, qLinearMatMul } from './ops/matMul.ts';
import { matMulIntegerToFloat, qMatMul } from './ops/products.ts';
import { quantizeLinear } from './ops/quantizeLinear.ts';
import { addPack } from './pack.ts';
import { fuseQuantized } from './passes/index.ts';

const list: readonly Operator[] = [
  convInteger,
  dequantizeLinear,
  dynamicQuantizeLinear,
  matMulInteger,
  qLinearConv,
  qLinearMatMul,
  quantizeLinear,
];

/** Adds operators, instructions and binaries. */
export function addQuantized(): void {
  addPack();
  addInstructions();
  packing.int8 = { op: QuantizedOp.PackPanels as number as Op, bytes: (depth) => PANEL_HEAD + panelElements(depth) };
  packing.int16 = { op: QuantizedOp.PackPanels16 as number as Op, bytes: (depth) => PANEL_HEAD + 2 * panelElements(depth) };
  rare.fuseQuantized = fuseQuantized;
  denseLayers.set(matMulIntegerToFloat, 2).set(qMatMul, 3);
  for (const operator of list) operators.set(operator.name, operator);
  for (const operator of others) otherOperators.set(operator.name, operator);
}

/** The weights of a panel. */
const panelElements = ([height, width, channels]: Panels['depth']): number =>
  NR * height * Math.ceil((width * channels) / DEPTH_STEP) * DEPTH_STEP;
