// Compiled models that somebody changed and whose checksums are right again: they are refused, or they run to an end.

import { Op, RANK, ReduceArg, STATIC_BYTES, UnaryArg, UnaryKind } from '../../assembly/opcodes.ts';
import { xxh32 } from '../../src/compiled/checksum.ts';
import { Header, type Meta, padded } from '../../src/compiled/format.ts';
import { load } from '../../src/compiled/index.ts';
import { readCompiled } from '../../src/compiled/read.ts';
import { LanewiseError } from '../../src/errors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { accesses } from '../../src/plan/accesses.ts';
import { wordsOf } from '../../src/plan/instructions.ts';
import { withoutStacks } from '../failure.ts';
import { graphOf, int64 } from '../kernels/graph.ts';
import { integers } from './integers.ts';
import { compiled } from './networks.ts';
import { graphs } from './programs.ts';

withoutStacks();

import.meta.jest.setTimeout(600_000);

const encode = (meta: unknown) => new TextEncoder().encode(typeof meta === 'string' ? meta : JSON.stringify(meta));

/** A file in its parts, and the file of changed parts. */
function partsOf(file: Uint8Array) {
  const view = new DataView(file.buffer, file.byteOffset);
  const metaBytes = view.getUint32(Header.MetaBytes, true);
  const programBytes = view.getUint32(Header.ProgramBytes, true);
  const bodyAt = Header.Bytes + metaBytes + programBytes;
  const meta = JSON.parse(new TextDecoder().decode(file.subarray(Header.Bytes, Header.Bytes + metaBytes))) as Meta;
  const program = new Int32Array(file.slice(Header.Bytes + metaBytes, bodyAt).buffer);
  return { meta, program, body: file.subarray(bodyAt) };
}

function forged(file: Uint8Array, change: { meta?: unknown; program?: Int32Array }): Uint8Array {
  const parts = { ...partsOf(file), ...change };
  const json = encode(parts.meta);
  const metaBytes = padded(json.length);
  const bodyAt = Header.Bytes + metaBytes + parts.program.byteLength;
  const bytes = new Uint8Array(bodyAt + parts.body.length).fill(32, Header.Bytes, Header.Bytes + metaBytes);
  bytes.set(file.subarray(0, Header.Bytes));
  bytes.set(json, Header.Bytes);
  bytes.set(new Uint8Array(parts.program.buffer), Header.Bytes + metaBytes);
  bytes.set(parts.body, bodyAt);
  const view = new DataView(bytes.buffer);
  view.setUint32(Header.MetaBytes, metaBytes, true);
  view.setUint32(Header.ProgramBytes, parts.program.byteLength, true);
  view.setUint32(Header.HeadSum, xxh32(bytes.subarray(Header.Bytes, bodyAt)), true);
  return bytes;
}

/** What comes of it: the error's code, or none. Anything but a LanewiseError fails the test, and so does a run without an end. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    const model = await load(bytes);
    const feeds = model.inputs.map(({ name, dims }) => {
      const sizes = dims as number[];
      return [name, new Tensor('float32', new Float32Array(sizes.reduce((a, b) => a * b, 1)).fill(0.5), sizes)] as const;
    });
    model.runSync(Object.fromEntries(feeds));
    return 'runs';
  } catch (error) {
    if (error instanceof LanewiseError) return error.code;
    throw error;
  }
}

// Those of the others take longer, and tests/fuzz changes theirs.
describe.each([...Object.entries(graphs).slice(0, 2), ...Object.entries(integers)])('%s', (_, graph) => {
  const file = compiled(graph);
  const { meta, program } = partsOf(file);

  test('unchanged but taken apart and put together, it runs', async () => {
    expect(await outcome(forged(file, {}))).toBe('runs');
  });

  test('with any word of the program changed', async () => {
    const seen = new Map<string, number>();
    for (const [at, word] of program.entries()) {
      for (const other of [0, -1, 1, word + 1, word * 1000, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)]) {
        if ((other | 0) === word) continue;
        const changed = program.slice();
        changed[at] = other;
        const what = await outcome(forged(file, { program: changed }));
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }
    // Some words may be anything; most may not.
    expect([...seen.keys()].filter((code) => !['runs', 'INVALID_FILE'].includes(code))).toEqual([]);
    expect(seen.get('INVALID_FILE')).toBeGreaterThan(program.length);
    expect(seen.get('runs')).toBeGreaterThan(0);
  });

  test('with any pointer to the end of memory or far behind, before anything runs', async () => {
    const [weights, constants, arena] = meta.memory;
    const end = STATIC_BYTES + weights + Math.ceil(program.byteLength / 64) * 64 + constants + arena;
    let pointers = 0;
    for (let at = 0; program[at]; at += wordsOf(program[at] as Op)) {
      for (const [i, kind] of [...accesses[program[at] as Op][0]].entries()) {
        const position = at + 1 + i;
        if (!'rwxop'.includes(kind) || program[position] === 0) continue;
        pointers++;
        for (const address of [end + 64, 2 ** 31 - 64, -64, -4]) {
          const changed = program.slice();
          changed[position] = address;
          await expect(readCompiled(forged(file, { program: changed }), 'the model')).rejects.toThrow('it makes no sense');
        }
      }
    }
    expect(pointers).toBeGreaterThan(2 * meta.steps.length);
  });

  test('with more or fewer instructions than the meta says', async () => {
    const [first = ['', 0]] = meta.steps;
    expect(await outcome(forged(file, { meta: { ...meta, steps: meta.steps.slice(1) } }))).toBe('INVALID_FILE');
    expect(await outcome(forged(file, { meta: { ...meta, steps: [...meta.steps, first] } }))).toBe('INVALID_FILE');
    expect(await outcome(forged(file, { program: Int32Array.from([...program, 0, 0, 0, 0]) }))).toBe('INVALID_FILE');
  });

  test('with any part of the meta of another kind', async () => {
    const others = [null, 'a', -1, 1.5, 1e300, [], {}, true];
    const paths = pathsOf(meta).filter((path) => path[0] !== 'steps');
    for (const path of paths) {
      for (const other of others) {
        const changed = structuredClone(meta) as unknown as Record<string, unknown>;
        let at = changed;
        for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
        at[path.at(-1) as string] = other;
        expect([path.join('.'), await outcome(forged(file, { meta: changed }))]).toEqual([
          path.join('.'),
          expect.stringMatching(/^(runs|INVALID_FILE|TOO_LARGE|INVALID_INPUT)$/),
        ]);
      }
    }
    for (const text of ['', '[]', 'null', '{}', '{"steps": 1}', '"text"', '{'])
      expect(await outcome(forged(file, { meta: text }))).toBe('INVALID_FILE');
  });
});

/** Of every value in an object, at any depth, the way to it; of long lists the first three. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  const below = typeof value === 'object' && value !== null ? Object.entries(value).slice(0, 8) : [];
  return [...(path.length ? [[...path]] : []), ...below.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

test('loops that would not end are refused before anything runs', async () => {
  const graph = graphOf({
    inputs: { x: [1, 4] },
    constants: { s: int64('s', [3, 4]) },
    nodes: [{ op: 'Expand', inputs: ['x', 's'] }],
  });
  const file = compiled(graph);
  const { program } = partsOf(file);
  expect(program[0]).toBe(Op.Copy);
  // RANK loops of 2^28 turns that stay where they are.
  const changed = program.slice();
  changed.fill(2 ** 28, 4, 12).fill(0, 12, 28);
  await expect(load(forged(file, { program: changed }))).rejects.toMatchObject({
    code: 'INVALID_FILE',
    message: 'the model is damaged: it makes no sense',
  });
});

test('a reduction that would write far from its output is refused before anything runs', async () => {
  const graph = graphOf({
    inputs: { x: [4, 3, 5] },
    constants: { s: int64('s', [4, 40, 5]) },
    nodes: [
      { op: 'ReduceMean', inputs: ['x'], outputs: ['y'], attributes: { axes: [1] } },
      // Room, so that it is not the strides as they are that reach too far.
      { op: 'Expand', inputs: ['y', 's'] },
    ],
  });
  const file = compiled(graph);
  const { program } = partsOf(file);
  expect(program[0]).toBe(Op.Reduce);
  await readCompiled(forged(file, {}), 'the model');
  const loops = Array.from({ length: RANK }, (_, i) => i).filter((i) => Number(program[ReduceArg.OutDims + i]) > 1);
  expect(loops).toHaveLength(2);
  for (const i of loops) {
    for (const list of [ReduceArg.InStrides, ReduceArg.OutStrides]) {
      for (const stride of [2 ** 26, -(2 ** 26)]) {
        const changed = program.slice();
        changed[list + i] = stride;
        await expect(readCompiled(forged(file, { program: changed }), 'the model')).rejects.toThrow('it makes no sense');
      }
    }
  }
});

test('a kind of function that there is not, which would compute nothing, is refused', async () => {
  const file = compiled(graphOf({ inputs: { x: [1, 8] }, nodes: [{ op: 'Sigmoid', inputs: ['x'] }] }));
  const { program } = partsOf(file);
  const at = program.indexOf(Op.Unary);
  expect(program[at + UnaryArg.Kind]).toBe(UnaryKind.Sigmoid);
  for (const [kind, code] of [
    [UnaryKind.Cos, 'runs'],
    [UnaryKind.Cos + 1, 'INVALID_FILE'],
    [-1, 'INVALID_FILE'],
  ] as const) {
    const changed = program.slice();
    changed[at + UnaryArg.Kind] = kind;
    expect([kind, await outcome(forged(file, { program: changed }))]).toEqual([kind, code]);
  }
});

test('models whose every activation is empty run', async () => {
  for (const dims of [[2, 0, 3], [0]]) {
    const file = compiled(graphOf({ inputs: { x: dims }, nodes: [{ op: 'Relu', inputs: ['x'] }] }));
    const model = await load(file);
    const { Relu_0 } = model.runSync({ x: new Tensor('float32', [], dims) });
    expect(Relu_0?.dims).toEqual(dims);
  }
});
