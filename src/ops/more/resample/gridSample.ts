import { GridMode, GridPadding, GridSampleArg, Op } from '../../../../assembly/opcodes.ts';
import { product } from '../../../graph/dims.ts';
import { pictureFirst } from '../../layouts.ts';
import type { Operator } from '../../operator.ts';
import { asImage, input, invalid, output, unsupported } from '../../shapes.ts';

interface GridSampleAttributes {
  readonly mode: GridMode;
  readonly padding: GridPadding;
  readonly alignCorners: boolean;
}

const modes = {
  linear: GridMode.Linear,
  nearest: GridMode.Nearest,
  cubic: GridMode.Cubic,
  // The modes' names up to opset 19.
  bilinear: GridMode.Linear,
  bicubic: GridMode.Cubic,
};

const paddings = { zeros: GridPadding.Zeros, border: GridPadding.Border, reflection: GridPadding.Reflection };

/** ONNX GridSample of pictures: X [N, C, H, W], grid [N, H', W', 2] of (x, y) from -1 to 1. */
export const gridSample: Operator<GridSampleAttributes> = {
  pack: 'more',
  name: 'GridSample',
  since: 16,
  inputs: [2, 2],
  attributes(reader) {
    return {
      mode: reader.choiceOf('mode', modes),
      padding: reader.choiceOf('padding_mode', paddings),
      alignCorners: reader.flag('align_corners'),
    };
  },
  inferShape(node) {
    const [x, grid] = [input(node, 0).dims, input(node, 1).dims];
    if (x.length !== 4) throw unsupported(node, `an input of ${x.length} dimensions; pictures [N, C, H, W] are supported`);
    if (grid.length !== 4 || grid[0] !== x[0] || grid[3] !== 2) throw invalid(node, `grid [${grid}] should be [${x[0]}, height, width, 2]`);
    if (x[2] === 0 || x[3] === 0) throw invalid(node, 'its input is an empty picture');
    return [{ type: 'float32', dims: [...x.slice(0, 2), ...grid.slice(1, 3)] }];
  },
  layout: pictureFirst,
  slices: true,
  lower(node, lowering) {
    const [x, y] = [input(node, 0), output(node)];
    const { mode, padding, alignCorners } = node.attributes;
    const { batch, channels, height, width } = asImage(x.dims);
    const source = lowering.place(x);
    const target = lowering.define(y);
    lowering.emit(Op.GridSample, {
      [GridSampleArg.Input]: source.pointer,
      [GridSampleArg.Grid]: lowering.place(input(node, 1)).pointer,
      [GridSampleArg.Output]: target.pointer,
      [GridSampleArg.Scratch]: lowering.workspace(128),
      [GridSampleArg.Batch]: batch,
      [GridSampleArg.Height]: height,
      [GridSampleArg.Width]: width,
      [GridSampleArg.Channels]: channels,
      [GridSampleArg.OutPixels]: product(y.dims.slice(2)),
      [GridSampleArg.InPixelStride]: source.pixelStride,
      [GridSampleArg.OutPixelStride]: target.pixelStride,
      [GridSampleArg.Mode]: mode,
      [GridSampleArg.Padding]: padding,
      [GridSampleArg.AlignCorners]: alignCorners ? 1 : 0,
    });
  },
};
