// The tables of src/plan against the kernels: what each argument is, what is read and written by it, what may be overwritten.

import { readdirSync, readFileSync } from 'node:fs';
import { Op, OVERREAD, STATIC_BYTES, WidenArg } from '../../assembly/opcodes.ts';
import { ArrangePanelsArg, QuantizedOp, quantizedWords } from '../../assembly/opcodes-quantized.ts';
import { compile } from '../../src/compiler/compile.ts';
import { product } from '../../src/graph/dims.ts';
import { accesses, hullOf } from '../../src/plan/accesses.ts';
import { algorithmOf } from '../../src/plan/forms.ts';
import { added, kernelNames, overwrites, wordsOf } from '../../src/plan/instructions.ts';
import { packOf } from '../../src/plan/packs.ts';
import { type Args, isPointer } from '../../src/plan/place.ts';
import { type Instruction, isHost, type Plan } from '../../src/plan/plan.ts';
import { programBytes } from '../../src/plan/program.ts';
import { addAccesses } from '../../src/quantized/accesses.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { integers } from '../compiled/integers.ts';
import { graphs } from '../compiled/programs.ts';
import { moduleOf } from '../kernels/run.ts';
import { random } from '../reference/index.ts';

addAccesses();
/** Of the pack *quantized* those that have words: its binaries run no others. */
const ofIntegers = Object.values(QuantizedOp).filter((op) => typeof op === 'number' && quantizedWords(op) > 0) as unknown as Op[];
const opcodes = [...Object.values(Op).filter((op): op is Op => typeof op === 'number'), ...ofIntegers];
const nameOf = (op: Op): string => added[op]?.kernel ?? kernelNames[op];
const overwritesOf = (op: Op) => added[op]?.overwrites ?? overwrites[op] ?? [];
const plans = Object.entries({ ...graphs, ...integers }).map(([name, graph]): [string, Plan] => [
  name,
  compile(graph, { dims: new Map(graph.inputs.map(({ name, dims }) => [name, dims as number[]])), winograd: true }),
]);
const stepsOf = (plan: Plan) => plan.steps.filter((step): step is Instruction => !isHost(step));
const loadsOf = (plan: Plan) => plan.residents.flatMap(({ load }) => [...load()].flatMap(({ instruction }) => instruction ?? []));
/** Only a compiled model's loads have it. */
const widen: Instruction = { op: Op.Widen, args: { [WidenArg.Data]: pointerTo(64), [WidenArg.Count]: 16 }, node: '', macs: 0 };
const arrange: Instruction = {
  op: QuantizedOp.ArrangePanels as number as Op,
  args: { [ArrangePanelsArg.Panels]: pointerTo(320), [ArrangePanelsArg.Count]: 2, [ArrangePanelsArg.Depth]: 12 },
  node: '',
  macs: 0,
};
const instructions = [...plans.flatMap(([, plan]) => [...stepsOf(plan), ...loadsOf(plan)]), widen, arrange];

function pointerTo(bytes: number): Args[number] {
  return { buffer: { region: 'arena', bytes, offset: 0 }, offset: 0 };
}

test('the programs here have every instruction', () => {
  expect(new Set([Op.End, ...instructions.map(({ op }) => op)])).toEqual(new Set(opcodes));
});

test.each(opcodes.map((op) => [nameOf(op), op] as const))('%s: every argument has a kind', (_, op) => {
  const [kinds] = accesses[op];
  expect(kinds).toHaveLength(Math.max(0, wordsOf(op) - 1));
  expect(kinds).toMatch(/^[rowpxndskf]*$/);
  for (const { args } of instructions.filter((instruction) => instruction.op === op)) {
    // Positions behind the last are never written.
    expect(Object.keys(args).map(Number)).toEqual(expect.not.arrayContaining([0, kinds.length + 1]));
    for (const [i, kind] of [...kinds].entries()) {
      const word = args[i + 1] ?? 0;
      const is = isPointer(word) ? 'rowpx' : typeof word === 'object' ? 'f' : word === 0 ? 'opnskf' : word < 0 ? 'sk' : 'ndsk';
      expect(`${i + 1}: ${[...is].includes(kind) ? kind : is}`).toBe(`${i + 1}: ${kind}`);
    }
  }
});

interface Range {
  readonly at: number;
  readonly kind: string;
  readonly low: number;
  readonly high: number;
}

/** What an instruction touches: addresses, by `addressOf` a pointer. */
function rangesOf({ op, args }: Instruction, addressOf: (word: Args[number]) => number): Range[] {
  const [kinds, boundsOf] = accesses[op];
  const word = (index: number) => {
    const value = args[index] ?? 0;
    return isPointer(value) ? addressOf(value) : (value as number);
  };
  return boundsOf(word).touches.map((touch) => {
    const [at] = touch;
    const kind = kinds.charAt(at - 1);
    const [low, high] = 'op'.includes(kind) && !word(at) ? [0, 0] : hullOf(touch);
    return { at, kind, low: word(at) + low, high: word(at) + high };
  });
}

test('every pointer is looked at, and none reaches past its buffer', () => {
  for (const instruction of instructions) {
    const [kinds] = accesses[instruction.op];
    const ranges = rangesOf(instruction, (word) => (isPointer(word) ? 2 ** 20 + word.offset : 0));
    const pointers = [...kinds].flatMap((kind, i) => ('rowpx'.includes(kind) ? [i + 1] : []));
    expect([...new Set(ranges.map(({ at }) => at))].sort((a, b) => a - b)).toEqual(pointers);
    for (const { at, low, high } of ranges) {
      const word = instruction.args[at];
      if (!isPointer(word)) continue;
      expect(low).toBeGreaterThanOrEqual(2 ** 20);
      expect(high).toBeLessThanOrEqual(2 ** 20 + word.buffer.bytes);
    }
  }
});

/** Rows that a table in memory chooses are not in the bounds. */
const byTable: readonly Op[] = [Op.Gather, Op.Resample];

test.each(plans)('%s: kernels write what the table says, and nothing else that they read counts', (_, plan) => {
  const engine = new Engine(moduleOf('strict', packOf(plan.steps) === 'quantized' ? 'quantized' : 'more'));
  engine.use(plan);
  for (const [i, port] of plan.inputs.entries()) engine.write(port, Float32Array.from(random([...port.dims], i + 1, 0.01, 1).data));
  const bytes = new Uint8Array(engine.view({ buffer: { region: 'arena', bytes: 0, offset: 0 }, offset: 0 }, 0).buffer);
  const program =
    STATIC_BYTES +
    Math.ceil(plan.residents.reduce((sum, { buffer }) => sum + (buffer.region === 'weights' ? Math.ceil(buffer.bytes / 64) * 64 : 0), 0));
  const programEnd = program + programBytes(plan.steps);
  for (const [index, step] of plan.steps.entries()) {
    if (isHost(step)) throw new Error('nothing runs on the host here');
    const ranges = rangesOf(step, (word) => (isPointer(word) ? engine.addressOf(word) : 0));
    const before = bytes.slice();
    engine.run(index, index + 1);
    const after = bytes.slice();
    const written = ranges.filter(({ kind }) => 'wpx'.includes(kind));
    const isIn = (list: readonly Range[], at: number, more = 0) => list.some(({ low, high }) => at >= low && at < high + more);
    for (const [at, byte] of after.entries())
      if (byte !== before[at] && !isIn(written, at)) throw new Error(`step ${index} wrote to ${at}`);

    // The same with other numbers wherever the table says that nothing is read.
    const whole = Object.entries(step.args).flatMap(([at, word]) => {
      if (!byTable.includes(step.op) || at !== '1' || !isPointer(word)) return [];
      const low = engine.addressOf({ ...word, offset: 0 });
      return [{ at: 1, kind: 'r', low, high: low + word.buffer.bytes }];
    });
    const read = [...ranges.filter(({ kind }) => kind !== 'x'), ...whole];
    for (const at of bytes.keys()) {
      const kept = at < STATIC_BYTES || (at >= program && at < programEnd) || isIn(read, at);
      bytes[at] = kept ? (before[at] as number) : (at * 37) % 251;
    }
    engine.run(index, index + 1);
    for (const { low, high } of ranges.filter(({ kind }) => 'wp'.includes(kind))) {
      // Gaps between pixels keep what was there.
      expect(Buffer.compare(bytes.subarray(low, high), after.subarray(low, high))).toBe(0);
    }
    bytes.set(after);
  }
  expect(product(plan.outputs[0]?.dims ?? [])).toBeGreaterThan(0);
  expect(bytes.length).toBeGreaterThanOrEqual(programEnd + plan.arenaBytes + OVERREAD);
});

/** The head of the file of a kernel. */
function headOf(kernel: string): string {
  const path = readdirSync('assembly', { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith(`${kernel}.ts`)) as string;
  return readFileSync(`assembly/${path}`, 'utf8').split('\nimport')[0] as string;
}

test('what kernels may overwrite is what their files say', () => {
  const said = opcodes.filter(
    (op) =>
      op !== Op.End &&
      /output (is|may be) (a|the )?\s*input|may be (the output|c\b)|output may be/.test(
        headOf(nameOf(op)).replaceAll(/\s*\n\/\/\s*/g, ' '),
      ),
  );
  expect(said.filter((op) => overwritesOf(op).length === 0).map(nameOf)).toEqual([]);
  expect(opcodes.filter((op) => overwritesOf(op).length > 0 && !said.includes(op)).map(nameOf)).toEqual([]);
});

test('every instruction has a form for profiles', () => {
  for (const instruction of instructions)
    expect(algorithmOf(instruction)).toEqual({ kernel: nameOf(instruction.op), form: expect.any(String) });
});
