// Compiled models are refused by versions with another PROGRAM_VERSION. This test tells when that number has to change.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as opcodes from '../../assembly/opcodes.ts';
import * as quantized from '../../assembly/opcodes-quantized.ts';
import { compile } from '../../src/compiler/compile.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { graphOf } from '../kernels/graph.ts';
import { moduleOf } from '../kernels/run.ts';
import { random } from '../reference/index.ts';
import { integers } from './integers.ts';

/** What programs mean: the words of every instruction. */
const words = JSON.stringify([opcodes, quantized].flatMap((all) => Object.entries(all)).filter(([name]) => name !== 'PROGRAM_VERSION'));
const lengths = Array.from({ length: 512 }, (_, op) => opcodes.instructionWords(op) || quantized.quantizedWords(op)).join();

/** What weights mean: how a convolution's are packed, in panels and for Winograd. */
function packed(winograd: boolean): string {
  const graph = graphOf({
    inputs: { x: [1, 12, 16, 16] },
    constants: { w: random([11, 12, 3, 3], 1), b: random([11], 2) },
    nodes: [{ op: 'Conv', inputs: ['x', 'w', 'b'] }],
  });
  const form = winograd && { size: 4, points: 6, taps: 3 };
  const plan = compile(graph, { dims: new Map([['x', [1, 12, 16, 16]]]), winograd: form });
  const engine = new Engine(moduleOf('strict'));
  engine.use(plan);
  const [weight] = plan.residents.filter(({ packed }) => packed);
  if (!weight) throw new Error('nothing is packed');
  expect(weight.packed).toBe(winograd ? 'winograd' : 'panels');
  return engine.view({ buffer: weight.buffer, offset: 0 }, weight.buffer.bytes / 4).join();
}

/** The same for integers: as files have them, whatever the binary. */
function packedIntegers(): string {
  const plans = Object.values(integers).map((graph) =>
    compile(graph, { dims: new Map(graph.inputs.map(({ name, dims }) => [name, dims as number[]])) }),
  );
  const panels = plans.flatMap((plan) => {
    const engine = new Engine(moduleOf('strict', 'quantized'));
    engine.use(plan);
    const packed = plan.residents.filter(({ packed }) => packed);
    return packed.map(({ buffer }) => engine.view({ buffer, offset: 0 }, buffer.bytes, 'uint8').join());
  });
  expect(panels.length).toBeGreaterThan(4);
  return panels.join();
}

// A change here is a change of what programs mean: raise PROGRAM_VERSION and record the new hash beside it.
test('PROGRAM_VERSION stands for these instructions and these weights', () => {
  const hash = [words, lengths, packed(false), packed(true), packedIntegers()]
    .reduce((sum, text) => sum.update(text), createHash('sha256'))
    .digest('hex')
    .slice(0, 16);
  const recorded = /PROGRAM_VERSION = \d+; \/\/ hash (\w+)/.exec(readFileSync('assembly/opcodes.ts', 'utf8'))?.[1];
  expect({ version: opcodes.PROGRAM_VERSION, hash }).toEqual({ version: opcodes.PROGRAM_VERSION, hash: recorded });
});

test('the binary says which programs it runs', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { version } = new WebAssembly.Instance(moduleOf('strict'), { env: { memory } }).exports as { version: WebAssembly.Global };
  expect(version.value).toBe(opcodes.PROGRAM_VERSION);
});
