// Ways to break a file.

import { xxh32 } from '../../src/compiled/checksum.ts';
import { Header } from '../../src/compiled/format.ts';
import type { Draw } from './draw.ts';
import { encode, type Field, lists, MODEL, parse, varint } from './protobuf.ts';

export type Format = 'onnx' | 'compiled' | 'safetensors' | 'checkpoint' | 'npy' | 'tensor';

const NUMBERS = [
  0n,
  1n,
  2n,
  3n,
  7n,
  16n,
  127n,
  128n,
  255n,
  1000n,
  65_536n,
  10_000_000n,
  2n ** 28n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n - 2n,
];

/** Bytes from `at` on, `most` of them at most, become others. */
function spliced(bytes: Uint8Array, at: number, most: number, added: ArrayLike<number>): Uint8Array {
  const removed = Math.min(most, bytes.length - at);
  const result = new Uint8Array(bytes.length - removed + added.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(bytes.subarray(at + removed), at + added.length);
  return result;
}

type Change = (bytes: Uint8Array, draw: Draw, other: Uint8Array) => Uint8Array;
const place = (bytes: Uint8Array, draw: Draw) => draw.int(0, Math.max(0, bytes.length - 1));

const changes: Readonly<Record<string, Change>> = {
  'a bit flipped': (bytes, draw) => {
    const at = place(bytes, draw);
    return bytes.length === 0 ? bytes : bytes.with(at, (bytes[at] as number) ^ (1 << draw.int(0, 7)));
  },
  'a byte replaced': (bytes, draw) => (bytes.length === 0 ? bytes : bytes.with(place(bytes, draw), draw.of([0, 1, 127, 128, 255, 10, 34]))),
  'cut off': (bytes, draw) => bytes.slice(0, place(bytes, draw)),
  'bytes left out': (bytes, draw) => {
    const at = place(bytes, draw);
    return spliced(bytes, at, draw.int(1, 40), []);
  },
  'bytes twice': (bytes, draw) => {
    const at = place(bytes, draw);
    return spliced(bytes, at, 0, bytes.slice(at, at + draw.int(1, 200)));
  },
  'zeros written over it': (bytes, draw) => bytes.slice().fill(draw.of([0, 255]), place(bytes, draw), place(bytes, draw)),
  'a varint of any size': (bytes, draw) => spliced(bytes, place(bytes, draw), draw.int(0, 2), varint(draw.of(NUMBERS))),
  'a word of any size': (bytes, draw) => {
    const at = place(bytes, draw) & ~3;
    const word = new Uint8Array(BigUint64Array.of(BigInt.asUintN(64, draw.of(NUMBERS))).buffer, 0, draw.of([4, 8]));
    return spliced(bytes, at, word.length, word).slice(0, bytes.length);
  },
  'another file from its middle on': (bytes, draw, other) => spliced(bytes, place(bytes, draw), 0, other.slice(place(other, draw))),
  'a part of another file': (bytes, draw, other) => {
    const from = place(other, draw);
    const part = other.slice(from, from + draw.int(1, 100));
    const at = place(bytes, draw);
    return spliced(bytes, at, part.length, part);
  },
};

/** Changes of fields, with the lengths around them as they have to be. */
function fieldsChanged(bytes: Uint8Array, draw: Draw, other: Uint8Array): Uint8Array {
  let tree: Field[];
  let more: Field[];
  try {
    tree = parse(bytes, MODEL);
    more = parse(other, MODEL);
  } catch {
    return bytes;
  }
  const all = lists(tree).filter((list) => list.length > 0);
  if (all.length === 0) return bytes;
  const anyList = () => draw.of(all);
  const list = anyList();
  const at = draw.int(0, list.length - 1);
  const field = list[at] as Field;
  switch (draw.int(0, 11)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(draw.int(0, list.length), 0, structuredClone(field));
      break;
    case 2: {
      const second = draw.int(0, list.length - 1);
      [list[at], list[second]] = [list[second] as Field, field];
      break;
    }
    case 3:
      {
        const others = lists(more).filter((list) => list.length > 0);
        if (others.length > 0) list[at] = draw.of(draw.of(others));
      }
      break;
    case 4:
      // A copy, for it may land in itself.
      anyList().push(structuredClone(field));
      break;
    case 5:
      list[at] = { ...field, number: draw.int(1, 20) };
      break;
    case 6: {
      // Texts become others of the file.
      const texts = all.flatMap((fields) => fields.filter(({ value }) => value instanceof Uint8Array));
      if (field.value instanceof Uint8Array && texts.length > 0) list[at] = { ...field, value: draw.of(texts).value };
      break;
    }
    case 7:
      if (field.value instanceof Uint8Array)
        list[at] = { ...field, value: changes[draw.of(Object.keys(changes))]?.(field.value, draw, other) ?? field.value };
      break;
    case 8:
    case 9: {
      // Shapes, axes, sizes and limits: whole numbers in small tensors' raw_data.
      const small = all.flatMap((fields) =>
        fields.filter(({ number, value }) => number === 9 && value instanceof Uint8Array && value.length <= 64),
      );
      const chosen = small.length > 0 ? draw.of(small) : undefined;
      if (!(chosen?.value instanceof Uint8Array) || chosen.value.length < 8) break;
      const data = chosen.value.slice();
      const word = BigInt.asUintN(64, draw.chance(20) ? -BigInt(draw.int(1, 9)) : draw.of(NUMBERS));
      new DataView(data.buffer).setBigUint64(8 * draw.int(0, (data.length >> 3) - 1), word, true);
      chosen.value = data;
      break;
    }
    default: {
      // Dims, types and integers of attributes.
      const numbers = all.flatMap((fields) => fields.map((_, i) => [fields, i] as const).filter(([fields, i]) => fields[i]?.wire === 0));
      if (numbers.length === 0) break;
      const [fields, i] = draw.of(numbers);
      fields[i] = { ...(fields[i] as Field), value: draw.chance(30) ? BigInt(draw.int(0, 30)) : draw.of(NUMBERS) };
    }
  }
  return encode(tree);
}

/** Another number in a text, or a bit of it. */
function textChanged(text: string, draw: Draw): string {
  const numbers = [...text.matchAll(/-?\d+/g)];
  const words = [...text.matchAll(/"[^"]*"|'[^']*'/g)];
  const found = draw.chance(70) && numbers.length > 0 ? draw.of(numbers) : words.length > 0 ? draw.of(words) : undefined;
  if (!found) return text.slice(0, draw.int(0, text.length));
  const replacement =
    found[0].startsWith('"') || found[0].startsWith("'")
      ? draw.of(words)[0]
      : draw.of([...NUMBERS.map(String), '-1', '1.5', '1e308', 'null', '[]', '""']);
  return text.slice(0, found.index) + replacement + text.slice(found.index + found[0].length);
}

/** The header of a safetensors or an npy file, its length as it has to be. */
function headerChanged(bytes: Uint8Array, draw: Draw, format: Format): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12) return bytes;
  const [start, length] = format === 'npy' ? [10, view.getUint16(8, true)] : [8, Number(view.getBigUint64(0, true))];
  if (start + length > bytes.length) return bytes;
  const text = textChanged(Buffer.from(bytes.subarray(start, start + length)).toString('latin1'), draw);
  const result = spliced(bytes, start, length, Buffer.from(text, 'latin1'));
  const out = new DataView(result.buffer);
  if (format === 'npy') out.setUint16(8, text.length, true);
  else out.setBigUint64(0, BigInt(text.length), true);
  return result;
}

/** The checksums of a compiled model's program and of its header made right again. */
function summed(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice();
  const view = new DataView(result.buffer);
  if (result.length < Header.Bytes) return result;
  const head = view.getUint32(Header.MetaBytes, true) + view.getUint32(Header.ProgramBytes, true);
  if (head % 16 !== 0 || head < 16 || Header.Bytes + head > result.length) return result;
  view.setUint32(Header.HeadSum, xxh32(result.slice(Header.Bytes, Header.Bytes + head)), true);
  return result;
}

/** Words of a compiled model's program changed: to numbers of any size, a little, to another word. */
function wordsChanged(bytes: Uint8Array, draw: Draw): Uint8Array {
  const result = bytes.slice();
  const view = new DataView(result.buffer);
  const count = result.length < Header.Bytes ? 0 : view.getUint32(Header.ProgramBytes, true) / 4;
  const start = Header.Bytes + (count && view.getUint32(Header.MetaBytes, true));
  if (count < 1 || start + 4 * count > result.length) return result;
  const anywhere = () => start + 4 * draw.int(0, Math.floor(count) - 1);
  for (let i = draw.int(1, 3); i > 0; i--) {
    const at = anywhere();
    const old = view.getInt32(at, true);
    const [small, other, sign] = [draw.int(1, 64), view.getInt32(anywhere(), true), draw.chance(50) ? 1 : -1];
    const word = draw.of([Number(BigInt.asIntN(32, draw.of(NUMBERS))), old + sign * small, old * 2, small, other]);
    view.setInt32(at, word, true);
  }
  return result;
}

export interface Broken {
  readonly bytes: Uint8Array;
  readonly how: string;
  /** A compiled model whose checksums have been made to fit: a program that somebody wrote, not a damaged one. */
  readonly forged: boolean;
}

/** So many compiled models, in percent, get other words in their program; the others are broken like other files. */
const WORDS = 60;

/** @param other another file, to take parts from */
export function mutate(bytes: Uint8Array, format: Format, other: Uint8Array, draw: Draw): Broken {
  if (format === 'compiled' && draw.chance(WORDS))
    return { bytes: summed(wordsChanged(bytes, draw)), how: 'words of the program', forged: true };
  const how: string[] = [];
  let result = bytes;
  const times = 1 + (draw.chance(40) ? draw.int(1, 4) : 0);
  for (let i = 0; i < times; i++) {
    if (format === 'onnx' && draw.chance(60)) {
      how.push('a field');
      result = fieldsChanged(result, draw, other);
    } else if ((format === 'safetensors' || format === 'npy') && draw.chance(60)) {
      how.push('the header');
      result = headerChanged(result, draw, format);
    } else {
      const name = draw.of(Object.keys(changes));
      how.push(name);
      result = (changes[name] as Change)(result, draw, other);
    }
  }
  const forged = format === 'compiled' && draw.chance(50);
  return { bytes: forged ? summed(result) : result, how: how.join(', '), forged };
}
