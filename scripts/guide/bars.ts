// Where a network's parameters and multiply-accumulates are, layer by layer.

import { summarize } from '../../src/analysis/index.ts';
import type { LayersModel } from '../../src/zoo/index.ts';
import { BLUE, label, line, ORANGE, PALE, rect, svg } from './svg.ts';
import { count, mega } from './text.ts';

const WIDTH = 720;
const LEFT = 16;
const CHART = 96;

/** A bar for each layer with weights, in their order: parameters above, MACs below; convolutions blue, dense layers orange. */
export function bars(net: LayersModel, title: string): string {
  const summary = summarize(net);
  const layers = summary.layers.filter(({ op }) => op === 'Conv' || op === 'Gemm');
  const parts = [
    label(LEFT, 26, `${title}: ${layers.length} convolutions and dense layers`, { size: 14, bold: true }),
    rect(WIDTH - 236, 16, 11, 11, `fill="${BLUE}"`),
    label(WIDTH - 219, 26, 'convolution'),
    rect(WIDTH - 116, 16, 11, 11, `fill="${ORANGE}"`),
    label(WIDTH - 99, 26, 'dense'),
  ];
  const charts = [
    ['params', 'parameters'],
    ['macs', 'MACs'],
  ] as const;
  charts.forEach(([key, name], i) => {
    const top = 64 + i * (CHART + 44);
    const most = Math.max(...layers.map((layer) => layer[key]));
    const largest = layers.find((layer) => layer[key] === most);
    const note = `${count(summary[key])} ${name}, most in ${largest?.name}: ${mega(most)} M`;
    const pitch = (WIDTH - 2 * LEFT) / layers.length;
    parts.push(label(LEFT, top - 8, note));
    layers.forEach((layer, at) => {
      const height = (layer[key] / most) * CHART;
      const fill = layer.op === 'Conv' ? BLUE : ORANGE;
      parts.push(rect(LEFT + at * pitch, top + CHART - height, Math.max(pitch * 0.84, 1), height, `fill="${fill}"`));
    });
    parts.push(line(LEFT, top + CHART, WIDTH - LEFT, top + CHART, `stroke="${PALE}"`));
  });
  return svg(WIDTH, 64 + 2 * CHART + 60, `${title}: parameters and multiply-accumulates of each layer`, parts);
}
