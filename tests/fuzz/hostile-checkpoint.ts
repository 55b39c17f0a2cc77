// Checkpoints that somebody made to do harm: pickles whose opcodes were moved and exchanged, numbers of any size, archives that lie about themselves.

import {
  type CheckpointOptions,
  dict,
  entriesOf,
  legacy,
  orderedDict,
  type Py,
  parameter,
  pickleOps,
  tensor,
  tuple,
  type ZipEntry,
  zip,
} from '../formats/checkpoint-writer.ts';
import type { Draw } from './draw.ts';

const types = ['FloatStorage', 'HalfStorage', 'BFloat16Storage', 'DoubleStorage', 'LongStorage', 'BoolStorage'] as const;
const sizes = { FloatStorage: 4, HalfStorage: 2, BFloat16Storage: 2, DoubleStorage: 8, LongStorage: 8, BoolStorage: 1 };

interface Made {
  readonly root: Py;
  readonly storages: Record<string, Uint8Array>;
  /** Bytes of an element, by key. */
  readonly sizes: Record<string, number>;
  readonly isLegacy: boolean;
}

/** A state dict, wrapped as training scripts do. */
function stateDictOf(draw: Draw): Made {
  const storages: Record<string, Uint8Array> = {};
  const elements: Record<string, number> = {};
  const isLegacy = draw.chance(30);
  const entries = draw.list(draw.int(1, 4), (i): [string, Py] => {
    const dims = draw.list(draw.int(0, 4), () => draw.int(1, 4));
    const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
    if (draw.chance(20)) strides.reverse();
    const [size, type, key] = [
      Math.max(...[1, ...dims.map((dim, axis) => 1 + dim * (strides[axis] as number))]) * 4,
      draw.of(types),
      String(i),
    ];
    storages[key] = new Uint8Array(size * sizes[type]).map((_, at) => at % 60);
    elements[key] = sizes[type];
    const spec = {
      type,
      key,
      size,
      dims: { tuple: dims },
      strides: { tuple: strides },
      offset: draw.int(0, 2),
      ...(isLegacy && { view: draw.chance(20) ? tuple('v', 0, size) : null }),
    };
    return [`${draw.chance(10) ? 'module.' : ''}layer${i}.weight`, draw.chance(10) ? parameter(tensor(spec)) : tensor(spec)];
  });
  const state = orderedDict(
    Object.fromEntries(entries),
    draw.chance(50) ? dict({ _metadata: orderedDict({ '': dict({ version: 1 }) }) }) : undefined,
  );
  const root = draw.chance(30)
    ? dict({ epoch: 3, best: 0.5, [draw.of(['state_dict', 'model', 'model_state_dict'])]: state, list: [1, 2n ** 40n] })
    : state;
  return { root, storages, sizes: elements, isLegacy };
}

/** A checkpoint with nothing wrong. */
export function anyCheckpoint(draw: Draw): Uint8Array {
  const { root, storages, isLegacy, sizes } = stateDictOf(draw);
  const options = optionsOf(draw);
  return isLegacy ? legacy(root, storages, { ...options, sizes }) : zip(entriesOf(root, storages, options), options);
}

const optionsOf = (draw: Draw): CheckpointOptions => ({
  protocol: draw.of([2, 4] as const),
  zip64: draw.chance(30),
  ...(draw.chance(20) && { files: { version: '3\n', byteorder: 'little' } }),
});

const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  7,
  8,
  16,
  63,
  64,
  65,
  127,
  128,
  255,
  256,
  1000,
  65_535,
  2 ** 20,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 40,
  2 ** 53,
  2 ** 63,
  2 ** 64 - 2,
];
const OPCODES = [
  ...'().012BCGIJKMNPQRSTUVX]abcdeghijlopqrstu}FL',
  ...'\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\xff',
].map((letter) => letter.charCodeAt(0));
const little = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => Number(BigInt.asUintN(8, BigInt(value) >> BigInt(8 * i))));

/** An opcode with a number of any size, or texts that are names. */
function anyOp(draw: Draw): number[] {
  const number = draw.of(NUMBERS);
  switch (draw.int(0, 7)) {
    case 0:
      return [draw.of(OPCODES)];
    case 1:
      return [draw.of([0x71, 0x68, 0x4b]), number & 255];
    case 2:
      return [draw.of([0x72, 0x6a, 0x4a, 0x58, 0x42, 0x54, 0x8b]), ...little(number, 4)];
    case 3:
      return [draw.of([0x8d, 0x8e, 0x95, 0x96]), ...little(number, 8)];
    case 4:
      return [0x8a, 8, ...little(number, 8)];
    case 5: {
      const name = draw.of([
        'torch\nFloatStorage',
        'torch\nSize',
        'collections\nOrderedDict',
        'torch._utils\n_rebuild_tensor_v2',
        'torch._utils\n_rebuild_parameter',
        'os\nsystem',
        'builtins\neval',
        '\n',
        'torch.nn.modules.container\nSequential',
      ]);
      return [0x63, ...Buffer.from(`${name}\n`)];
    }
    case 6: {
      const text = draw.of(['storage', 'cpu', '0', '1', 'state_dict', 'model', '_metadata', 'module.', '__proto__', '']);
      return [0x55, text.length, ...Buffer.from(text)];
    }
    default:
      return [draw.of([0x67, 0x70, 0x49, 0x4c, 0x46, 0x53, 0x69, 0x82, 0x83, 0x84])];
  }
}

/** Opcodes left out, twice, elsewhere, exchanged, and with other numbers. */
function changed(ops: readonly number[][], draw: Draw): number[][] {
  const list = ops.map((op) => [...op]);
  const times = draw.int(0, 4);
  for (let i = 0; i < times && list.length > 1; i++) {
    const at = draw.int(0, list.length - 1);
    const op = list[at] as number[];
    switch (draw.int(0, 6)) {
      case 0:
        list.splice(at, 1);
        break;
      case 1:
        list.splice(draw.int(0, list.length), 0, op);
        break;
      case 2:
        list[at] = list[draw.int(0, list.length - 1)] as number[];
        break;
      case 3:
        list[at] = anyOp(draw);
        break;
      case 4:
        list.splice(at, 0, anyOp(draw));
        break;
      case 5: {
        // A dimension, stride, offset, size or place in the memo becomes another.
        const numbers = list.filter(([code = 0]) => [0x4a, 0x4b, 0x4d, 0x8a, 0x68, 0x71].includes(code));
        if (numbers.length === 0) break;
        const chosen = draw.of(numbers);
        const number = draw.of(NUMBERS);
        const isMemo = chosen[0] === 0x68 || chosen[0] === 0x71;
        chosen.splice(
          0,
          chosen.length,
          ...(isMemo
            ? [chosen[0] as number, draw.int(0, 30)]
            : draw.chance(50)
              ? [0x4b, number & 255]
              : [0x8a, 9, ...little(number, 8), draw.of([0, 255])]),
        );
        break;
      }
      default: {
        // Many of one: depth, breadth, a long stack.
        const many = draw.of([2, 50, 3000]);
        list.splice(at, 0, ...new Array<number[]>(many).fill(draw.chance(50) ? op : anyOp(draw)));
      }
    }
  }
  return list;
}

/** An entry of an archive whose directory says something else. */
const lying = (entry: ZipEntry, draw: Draw): ZipEntry => {
  const number = draw.of(NUMBERS) % 2 ** 53;
  switch (draw.int(0, 6)) {
    case 0:
      return { ...entry, size: number };
    case 1:
      return { ...entry, packed: number };
    case 2:
      return { ...entry, size: number, packed: number };
    case 3:
      return { ...entry, header: draw.chance(50) ? number : draw.int(0, 600) };
    case 4:
      return { ...entry, method: draw.of([8, 12, 93, 0]) };
    case 5:
      return { ...entry, flags: draw.int(0, 65_535) };
    default:
      return {
        ...entry,
        name: draw.of([
          'archive/data.pkl',
          'archive/data/0',
          'archive/data/1',
          'data.pkl',
          'archive/byteorder',
          'archive/constants.pkl',
          '/',
          '',
        ]),
      };
  }
};

/** A checkpoint of which anything may be wrong. */
export function hostile(draw: Draw): Uint8Array {
  const { root, storages, sizes, isLegacy } = stateDictOf(draw);
  const options = optionsOf(draw);
  const bytes = Uint8Array.from(changed(pickleOps(root, options), draw).flat());
  if (isLegacy) {
    const machine = draw.chance(5) ? dict({ little_endian: draw.chance(50), x: [root] }) : undefined;
    const keys = draw.chance(10) ? draw.list(draw.int(0, 5), (i) => draw.of<Py>([String(i), '0', i, null, tuple(0)])) : undefined;
    const given = { ...options, sizes, ...(machine && { machine }), ...(keys && { keys }) };
    // The object's pickle in place of another: what legacy() writes is magic, version, machine, object, keys, storages.
    const [whole, plain] = [legacy(root, storages, given), Uint8Array.from(pickleOps(root, options).flat())];
    const at = Buffer.from(whole).indexOf(plain);
    return Uint8Array.from(Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at + plain.length)]));
  }
  let entries = entriesOf(bytes, storages, options);
  if (draw.chance(40)) entries = entries.map((entry) => (draw.chance(30) ? lying(entry, draw) : entry));
  if (draw.chance(10)) entries.splice(draw.int(0, entries.length - 1), 1);
  if (draw.chance(10)) entries.push(lying(draw.of(entries), draw));
  const count = draw.chance(10) ? draw.of(NUMBERS) : undefined;
  return zip(entries, { ...options, ...(count !== undefined && { count }) });
}
