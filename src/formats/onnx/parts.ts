import { PbfWriter } from 'pbf';
import { LanewiseError } from '../../errors.ts';

/**
 * A piece of a file: its bytes, or their number and a function that gives them. A message is a list of pieces, because its
 * length comes first and must be known before weights are read or moved.
 */
export type Part = Uint8Array | { readonly length: number; bytes(): Uint8Array };

/** Protocol Buffers' readers accept no more, because their sizes are int32. */
const maxFile = 2 ** 31 - 1;

/** Bytes that pbf has written. */
export function fields(write: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  write(pbf);
  return pbf.finish();
}

const lengthOf = (parts: readonly Part[]): number => parts.reduce((sum, { length }) => sum + length, 0);

/** A field that holds a message, or bytes. */
export const embedded = (field: number, parts: readonly Part[]): Part[] => [
  fields((pbf) => {
    pbf.writeTag(field, 2);
    pbf.writeVarint(lengthOf(parts));
  }),
  ...parts,
];

const utf8 = new TextEncoder();

/** A field that holds text. pbf's writeStringField writes other letters than those from U+20000 on. */
export const writeText = (pbf: PbfWriter, field: number, text: string): void => pbf.writeBytesField(field, utf8.encode(text));

/** A field that holds an int64; pbf's own writer takes no bigints. */
export function writeInt(pbf: PbfWriter, field: number, value: number | bigint): void {
  pbf.writeTag(field, 0);
  if (typeof value === 'number') {
    pbf.writeVarint(value);
    return;
  }
  pbf.realloc(10);
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) pbf.buf[pbf.pos++] = Number(rest & 0x7fn) | 0x80;
  pbf.buf[pbf.pos++] = Number(rest);
}

/** The whole file; its pieces are made one at a time. @throws LanewiseError TOO_LARGE */
export function joined(parts: readonly Part[]): Uint8Array {
  const length = lengthOf(parts);
  if (length > maxFile) {
    throw new LanewiseError('TOO_LARGE', `the model takes ${length} bytes; an ONNX file without external data has at most ${maxFile}`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part instanceof Uint8Array ? part : part.bytes(), at);
    at += part.length;
  }
  return bytes;
}
