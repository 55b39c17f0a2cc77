// That random networks of integers are what they should be: the same for a seed, run by kernels of bytes, and the same bits in every way.

import { compile } from '../../src/compiler/compile.ts';
import { readOnnx } from '../../src/formats/onnx/index.ts';
import { kernelOf } from '../../src/plan/instructions.ts';
import { check } from './check.ts';
import { Draw, seedOf } from './draw.ts';
import { fileOf, toJson } from './graph.ts';
import { quantized } from './quantized.ts';
import { variants, withoutWinograd } from './variants.ts';

const graphOf = (index: number) => quantized(new Draw(seedOf(7, index))).graph;

test('a seed makes the same network again, and its kernels are those of bytes', () => {
  const kernels = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const graph = graphOf(i);
    expect(toJson(graphOf(i))).toBe(toJson(graph));
    const dims = new Map(graph.feeds.map((feed) => [feed.name, feed.dims]));
    for (const step of compile(readOnnx(fileOf(graph)), { dims }).steps) kernels.add(kernelOf(step));
  }
  const expected = ['u8_conv_igemm_4x8', 'u8_dwconv_c8', 'u8_binary', 'u8_lookup', 'u8_maxpool_c16', 'u8_avgpool_c8', 'f32_quantize'];
  expect(expected.filter((name) => !kernels.has(name))).toEqual([]);
});

test('networks of integers have the same bits in every way', async () => {
  withoutWinograd();
  const names = Object.keys(variants).filter((name) => !name.includes('open') && name !== 'three threads');
  for (let i = 0; i < 40; i++) {
    const graph = graphOf(i);
    expect(graph.outputs.some((name) => !graph.inexact.includes(name))).toBe(true);
    expect(await check(graph, { runtime: undefined, variants: names })).toEqual({ status: 'not in the peer' });
  }
}, 120_000);
