// Nodes of every operator at random: what a change shows to be seen lies in the field that is told. FUZZ_SEED and FUZZ_RUNS look elsewhere and longer.

import fc from 'fast-check';
import { summarize } from '../../src/analysis/summarize.ts';
import type { NetworkSummary } from '../../src/analysis/summary.ts';
import { LanewiseError } from '../../src/errors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { createModel } from '../../src/load.ts';
import { Choices, type RandomNode } from '../ops/choices.ts';
import { spoil } from '../ops/hostile.ts';
import { operatorNames, plausibleNode } from '../ops/nodes.ts';
import { graphFor, LIMIT } from '../ops/outcome.ts';

const seed = Number(process.env.FUZZ_SEED ?? 1);
const runs = Number(process.env.FUZZ_RUNS ?? 8 * operatorNames.length);

const nodes = (spoiled: boolean) =>
  fc.gen().map((g) => {
    const choices = new Choices((min, max) => g(fc.integer, { min, max }));
    const node = plausibleNode(choices.of(operatorNames), choices);
    return spoiled ? spoil(node, choices) : node;
  });

/** Their axes change places, which a field does not tell. */
const moving = new Set(['Transpose', 'Reshape', 'Squeeze', 'Unsqueeze']);

/** Undefined where there is nothing to be said of the width. */
async function seen(node: RandomNode): Promise<{ changed: [row: number, position: number][]; summary: NetworkSummary } | undefined> {
  const { graph, feeds } = graphFor(node);
  const [name, picture] = Object.entries(feeds).find(([, { dims }]) => dims.length === 3 || dims.length === 4) ?? [];
  if (!name || picture?.type !== 'float32' || picture.data.length === 0) return undefined;
  const summary = summarize(graph);
  const model = await createModel(graph, { memoryLimit: LIMIT });
  const run = (data: Float32Array) => model.runSync({ ...feeds, [name]: new Tensor('float32', data, picture.dims) }).output0 as Tensor;
  const plain = run(picture.data as Float32Array);
  const width = picture.dims.at(-1) ?? 1;
  const positions = plain.dims.at(-1) ?? 1;
  const changed = Array.from({ length: width }, (_, row) => {
    const other = run((picture.data as Float32Array).map((value, i) => (i % width === row ? 1000 - 3 * value : value)));
    const differing = Array.from({ length: plain.data.length }, (_, i) => i).filter((i) => !Object.is(plain.data[i], other.data[i]));
    return [...new Set(differing.map((i) => i % positions))].map((position): [number, number] => [row, position]);
  });
  model.dispose();
  return plain.dims.length === picture.dims.length ? { changed: changed.flat(), summary } : undefined;
}

test('no output sees more than its field', async () => {
  const told = new Set<string>();
  const property = fc.asyncProperty(nodes(false), async (node) => {
    // What lies outside the picture is inside again.
    if (moving.has(node.op) || (node.attributes.mode ?? 'constant') !== 'constant') return;
    const result = await seen(node).catch((error) => {
      if (error instanceof LanewiseError) return undefined;
      throw error;
    });
    const layer = result?.summary.layers.at(-1);
    if (!result || !layer?.receptiveField || !layer.receptiveFieldStride || !layer.receptiveFieldOffset) return;
    const [size, stride, offset] = [layer.receptiveField[1], layer.receptiveFieldStride[1], layer.receptiveFieldOffset[1]];
    const slack = Number.isInteger(stride) ? 0 : 1;
    for (const [row, position] of result.changed) {
      const first = Math.floor(offset + position * stride);
      expect([JSON.stringify(node), row >= first - slack && row < first + size + slack]).toEqual([JSON.stringify(node), true]);
      told.add(node.op);
    }
  });
  await fc.assert(property, { seed, numRuns: runs });
  expect(told.size).toBeGreaterThan(40);
}, 600_000);

test('a summary of whatever node is one, or an error that says what is wrong', () => {
  let made = 0;
  fc.assert(
    fc.property(nodes(true), (node) => {
      const { graph, dims } = graphFor(node);
      try {
        JSON.stringify(summarize(graph, dims, { memoryLimit: LIMIT }));
        made++;
      } catch (error) {
        if (!(error instanceof LanewiseError)) throw error;
      }
    }),
    { seed, numRuns: runs },
  );
  expect(made).toBeGreaterThan(runs / 10);
}, 600_000);
