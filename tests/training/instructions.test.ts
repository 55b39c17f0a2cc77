// The table of the pack *training* against its opcodes and the kernels' headers.

import { readdirSync, readFileSync } from 'node:fs';
import { Op, WIDE, WindowArg, WinogradArg } from '../../assembly/opcodes.ts';
import * as opcodes from '../../assembly/opcodes-training.ts';
import { TrainingOp, trainingWords } from '../../assembly/opcodes-training.ts';
import { added, kernelNames } from '../../src/plan/instructions.ts';
import { packOf } from '../../src/plan/packs.ts';
import { addInstructions } from '../../src/training/instructions.ts';

addInstructions();

type Enum = Readonly<Record<string, number | string>>;
const numbersOf = (names: Enum): [string, number][] =>
  Object.entries(names).filter((entry): entry is [string, number] => typeof entry[1] === 'number');

const ops = numbersOf(TrainingOp);
/** Opcodes whose arguments are those of others, or of the core. */
const shared: Readonly<Record<string, Enum>> = {
  DepthwiseWeightGradient: opcodes.WeightGradientArg,
  DepthwiseInputGradient: opcodes.ConvInputGradientArg,
  Winograd: WinogradArg,
};
const argsOf = (name: string): Enum => shared[name] ?? (opcodes as unknown as Record<string, Enum>)[`${name}Arg`] ?? {};
/** Arguments that an instruction begins with, which its enum does not repeat. */
const beginnings: Readonly<Record<string, Enum>> = {
  WeightGradient: WindowArg,
  DepthwiseWeightGradient: WindowArg,
  WinogradWeightGradient: WindowArg,
  ConvInputGradient: WindowArg,
  DepthwiseInputGradient: WindowArg,
  MaxPoolGradient: WindowArg,
  AveragePoolGradient: WindowArg,
  Winograd: WindowArg,
  CrossEntropyGradient: opcodes.CrossEntropyArg,
  ElementLossGradient: opcodes.ElementLossArg,
};
/** What gradients of losses do not take of their beginnings. */
const replaced: Readonly<Record<string, number>> = { CrossEntropyGradient: 2, ElementLossGradient: 1 };

const files = readdirSync('assembly/training').map((name) => name.replace(/\.ts$/, ''));
const textOf = (kernel: string) => readFileSync(`assembly/training/${kernel}.ts`, 'utf8');

test('no opcode is taken twice, is one of the core, or has its bit for wide tiles', () => {
  const core = numbersOf(Op).map(([, op]) => op);
  const all = ops.map(([, op]) => op);
  expect(new Set([...core, ...all]).size).toBe(core.length + all.length);
  expect(all.filter((op) => op & WIDE)).toEqual([]);
  expect(Object.keys(added).map(Number).sort()).toEqual([...all].sort());
});

describe.each(ops)('%s', (name, op) => {
  const args = argsOf(name);
  const words = Number(args.Words);
  const row = added[op]!;

  test('its words are the interpreter’s, one behind its last argument', () => {
    expect(row.words).toBe(words);
    expect(trainingWords(op)).toBe(words);
    const beginning = numbersOf(beginnings[name] ?? {}).filter(([arg]) => arg !== 'Words');
    const own = numbersOf(args).filter(([arg]) => arg !== 'Words');
    const from = (Number(beginnings[name]?.Words) || 1) - (replaced[name] ?? 0);
    // Each position from 1 on is one argument's.
    const positions = [...beginning.filter(([, at]) => at < from), ...own].map(([, at]) => at).sort((a, b) => a - b);
    expect(positions).toEqual(Array.from({ length: words - 1 }, (_, i) => i + 1));
  });

  test('its kernel is a file, or a word of the interpreter', () => {
    expect([...files, 'end unless finite']).toContain(row.kernel);
  });

  test('it may overwrite what the header of its kernel says, and nothing else', () => {
    const places = new Map([...numbersOf(beginnings[name] ?? {}), ...numbersOf(args)].map(([arg, at]) => [arg.toLowerCase(), at] as const));
    const [header = ''] = files.includes(row.kernel) ? textOf(row.kernel).split('\nimport') : [];
    const said = [...header.matchAll(/(\w+) may be (\w+)(?: or (\w+))?/g)].flatMap(([, output = '', ...inputs]) =>
      inputs.flatMap((input): [number, number][] => {
        const [to, from] = [places.get(output.toLowerCase()), places.get(input?.toLowerCase() ?? '')];
        return to !== undefined && from !== undefined ? [[to, from]] : [];
      }),
    );
    const overwrites = op === TrainingOp.Winograd ? [] : (row.overwrites ?? []);
    expect(overwrites.map(([output, input]) => `${output} ${input}`).sort()).toEqual(said.map((pair) => pair.join(' ')).sort());
    for (const [, , count, ...strides] of overwrites) {
      for (const at of strides.slice(0, 2)) expect(count > 0 ? Number(at) > 0 && Number(at) < words : at === 0).toBe(true);
    }
  });
});

test('the packs of programs', () => {
  const step = (op: number, args = {}) => ({ op: op as Op, args, node: '', macs: 0 });
  const { UnaryGradientArg, GradientKind } = opcodes;
  const gradient = (kind: number) => step(TrainingOp.UnaryGradient, { [UnaryGradientArg.Kind]: kind });
  expect(packOf([])).toBe('core');
  expect(packOf([step(Op.GridSample)])).toBe('more');
  expect(packOf([gradient(GradientKind.Tanh), step(Op.Conv)])).toBe('training');
  expect(packOf([gradient(GradientKind.Elu)])).toBe('training-more');
  for (const rare of [TrainingOp.LrnGradient, TrainingOp.SoftmaxGradient, TrainingOp.ElementLoss, TrainingOp.ElementLossGradient])
    expect(packOf([step(rare)])).toBe('training-more');
  expect(kernelNames[Op.Winograd]).toBe('f32_winograd');
});
