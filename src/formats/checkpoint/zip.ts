import type { ErrorCode, LanewiseError } from '../../errors.ts';
import { type Bytes, inMemory, partOf } from '../bytes.ts';

/** Makes an error that names the file. Default code: INVALID_FILE. */
export type Fail = (message: string, code?: ErrorCode) => LanewiseError;

/** A file in a zip archive, as the archive's directory lists it. */
export interface Entry {
  readonly name: string;
  readonly encrypted: boolean;
  /** The compression method: 0 for none, 8 for deflate. */
  readonly method: number;
  /** Bytes in the archive, and unpacked. */
  readonly packed: number;
  readonly size: number;
  /** Where its local header starts, and where the next header or the directory does. */
  readonly header: number;
  end: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR64_BYTES = 20;
/** The value that stands for a number kept in the zip64 record. */
const ELSEWHERE = 0xffffffff;

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** Past 2^53 it is not exact, but past the end of any file anyway. */
const getUint64 = (view: DataView, at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
const utf8 = new TextDecoder();

/**
 * The directory of a zip archive, zip64 too (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3), by name. Entries lie one
 * behind the other: none may share bytes with another, so that together they are never more than the file.
 */
export function readZip(bytes: Bytes, fail: Fail): Map<string, Entry> {
  const { count, from, size, limit } = readEnd(bytes, fail);
  const damaged = (what: string) => fail(`the zip's directory is damaged: ${what}`);
  if (from + size > limit) throw damaged(`it takes ${size} bytes from ${from} on, but ends at ${limit}`);
  const directory = inMemory(partOf(bytes, from, from + size));
  const view = viewOf(directory);
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > size || view.getUint32(at, true) !== CENTRAL) throw damaged(`${i} of its ${count} entries are there`);
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [number, number, number];
    const start = at + CENTRAL_BYTES;
    const next = start + name + extra + comment;
    if (next > size) throw damaged(`its entry ${i} goes past its end`);
    // The zip64 field holds the numbers that do not fit here, in this order.
    const numbers = [24, 20, 42].map((field) => view.getUint32(at + field, true));
    const wide = wideNumbers(view, start + name, start + name + extra);
    const [unpacked, packed, header] = numbers.map((number) => (number === ELSEWHERE ? (wide.shift() ?? number) : number));
    const entry: Entry = {
      name: utf8.decode(directory.subarray(start, start + name)),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      method: view.getUint16(at + 10, true),
      packed: packed as number,
      size: unpacked as number,
      header: header as number,
      end: from,
    };
    if (entries.has(entry.name)) throw fail(`the zip has two entries '${entry.name}'`);
    entries.set(entry.name, entry);
    at = next;
  }
  const inOrder = [...entries.values()].sort((a, b) => a.header - b.header);
  for (const [i, entry] of inOrder.entries()) {
    const next = inOrder[i + 1];
    if (next) entry.end = next.header;
    // The local header repeats the name, of its own length.
    if (entry.header + LOCAL_BYTES + entry.packed > entry.end) {
      throw fail(`the zip's entry '${entry.name}' goes into ${next ? `'${next.name}'` : 'the directory'}: it was damaged`);
    }
  }
  return entries;
}

/** The record at the end of the file, which says where the directory is. */
function readEnd(bytes: Bytes, fail: Fail): { count: number; from: number; size: number; limit: number } {
  const base = Math.max(0, bytes.length - END_BYTES - 0xffff);
  const tail = inMemory(partOf(bytes, base, bytes.length));
  const view = viewOf(tail);
  let at = tail.length - END_BYTES;
  // A comment may follow the record.
  while (at >= 0 && !(view.getUint32(at, true) === END && at + END_BYTES + view.getUint16(at + 20, true) <= tail.length)) at--;
  if (at < 0) throw fail("the zip's directory, which comes last, is not there: the file was cut off or damaged", 'TRUNCATED_FILE');
  const end = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    from: view.getUint32(at + 16, true),
    limit: base + at,
  };
  const locator = at - LOCATOR64_BYTES;
  const isWide = end.count === 0xffff || end.size === ELSEWHERE || end.from === ELSEWHERE;
  if (!isWide || locator < 0 || view.getUint32(locator, true) !== LOCATOR64) return end;
  const limit = getUint64(view, locator + 8);
  const record = limit + END64_BYTES > base + locator ? undefined : viewOf(inMemory(partOf(bytes, limit, limit + END64_BYTES)));
  if (record?.getUint32(0, true) !== END64) throw fail("the zip's directory is damaged: its zip64 record is not where it should be");
  return { count: getUint64(record, 32), size: getUint64(record, 40), from: getUint64(record, 48), limit };
}

/** The numbers in the zip64 field of an entry's extra fields. */
function wideNumbers(view: DataView, from: number, to: number): number[] {
  for (let at = from; at + 4 <= to; ) {
    const next = at + 4 + view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) {
      const numbers: number[] = [];
      for (let i = at + 4; i + 8 <= Math.min(next, to); i += 8) numbers.push(getUint64(view, i));
      return numbers;
    }
    at = next;
  }
  return [];
}

/** The bytes of an entry; a file's are not read yet. The checksum is not compared, because PyTorch may omit it. */
export function contentsOf(bytes: Bytes, entry: Entry, fail: Fail): Bytes {
  const title = `the zip's entry '${entry.name}'`;
  if (entry.encrypted) throw fail(`${title} is encrypted`, 'UNSUPPORTED');
  if (entry.method !== 0) {
    const how = entry.method === 8 ? 'deflate' : `method ${entry.method}`;
    throw fail(`${title} is compressed (${how}), as PyTorch never does: pack the files again without compression (zip -0)`, 'UNSUPPORTED');
  }
  const view = viewOf(inMemory(partOf(bytes, entry.header, entry.header + LOCAL_BYTES)));
  const isThere = view.byteLength === LOCAL_BYTES && view.getUint32(0, true) === LOCAL;
  const start = isThere ? entry.header + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true) : Number.POSITIVE_INFINITY;
  if (start + entry.size > entry.end || entry.size !== entry.packed) throw fail(`${title} is damaged`);
  return partOf(bytes, start, start + entry.size);
}
