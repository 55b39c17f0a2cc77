// Networks of integers: a chunk that `load` fetches for models that have them.

import { NR, type Op } from '../../assembly/opcodes.ts';
import { DEPTH_STEP, PANEL_HEAD, QuantizedOp } from '../../assembly/opcodes-quantized.ts';
import { packing } from '../compiler/weights.ts';
import { operators } from '../ops/index.ts';
import type { Operator } from '../ops/operator.ts';
import { addBinaries } from './binaries.ts';
import { addInstructions } from './instructions.ts';
import { qLinearConv } from './ops/conv.ts';
import { dequantizeLinear } from './ops/dequantizeLinear.ts';
import { quantizeLinear } from './ops/quantizeLinear.ts';

const list: readonly Operator[] = [dequantizeLinear, qLinearConv, quantizeLinear];

/** Adds operators, instructions and binaries. */
export function addQuantized(): void {
  addBinaries();
  addInstructions();
  packing.int8 = {
    op: QuantizedOp.PackPanels as number as Op,
    bytes: ([height, width, channels]) => PANEL_HEAD + NR * height * Math.ceil((width * channels) / DEPTH_STEP) * DEPTH_STEP,
  };
  for (const operator of list) operators.set(operator.name, operator);
}
