import type { Constant } from '../../graph/graph.ts';
import { type DataType, formatDims } from '../../graph/tensor.ts';
import { typeNames } from '../../graph/typeNames.ts';
import {
  type Bytes,
  bytesPerElement,
  countOf,
  isPacked,
  isStoredType,
  maxRank,
  type StoredType,
  storageOf,
  storedConstant,
  widen,
  widened,
} from '../bytes.ts';
import { FIXED32, FIXED64, readPair, type ScalarWire, VARINT, Wire } from './wire.ts';

/** The number of a type in TensorProto.DataType. */
export const typeCode = (type: StoredType): number => typeNames.indexOf(type);

/** The element type, once read, of a number in TensorProto.DataType; undefined if it is not read. */
export const typeOfCode = (code: number): DataType | undefined => {
  const name = typeNames[code] ?? '';
  return isStoredType(name) ? widened(name) : undefined;
};

/** @param label names the value in errors: "the input 'x'" */
export function storedType(wire: Wire, code: number, label: string): StoredType {
  if (!code) throw wire.fail('INVALID_MODEL', `${label} has no element type`);
  const name = typeNames[code] ?? `number ${code}`;
  if (!isStoredType(name))
    throw wire.fail(
      'UNSUPPORTED',
      `${label} has element type ${name}, which Lanewise does not read${/^float/.test(name) ? ': quantize to int8' : ''}`,
    );
  // A QuantizeLinear has to know.
  wire.lacksExtras ||= isPacked(name);
  return name;
}

/** The field of TensorProto that holds a type's elements if raw_data does not. */
const typedField = (stored: StoredType): number =>
  (({ float32: 4, int64: 7, float64: 10, uint32: 11, uint64: 11 }) as Partial<Record<StoredType, number>>)[stored] ?? 5;

const typedFields = [4, 5, 7, 10, 11];

const wireOf = (field: number): ScalarWire => (field === 4 ? FIXED32 : field === 10 ? FIXED64 : VARINT);

/**
 * The current TensorProto, checked so that its `read()` cannot fail once an external tensor has its bytes.
 * @param place names it in errors
 * @param placed names it by its own name, if that is clearer
 */
export function readTensor(wire: Wire, place: string, placed?: (name: string) => string): Constant {
  const parts = tensorParts(wire, place, placed);
  parts.read();
  return parts.tensor();
}

/** As `readTensor`, for a field that may occur several times, whose messages merge: call `read` for each, then `tensor`. */
export function tensorParts(wire: Wire, place: string, placed = (_name: string) => place): { read(): void; tensor(): Constant } {
  let label = place;
  let name = '';
  let code = 0;
  let raw: Bytes | undefined;
  let external = false;
  const dims: (number | bigint)[] = [];
  const counts: Record<number, number> = {};
  const entries = new Map<string, string>();
  const messages: Bytes[] = [];
  const readPart = () => {
    const message = wire.message(place, (field) => {
      if (field === 1) wire.each(VARINT, (dim) => dims.push(dim));
      else if (field === 2) {
        code = Number(wire.int());
        wire.known = true;
      } else if (field === 8) {
        name = wire.string();
        wire.where = label = placed(name);
      } else if (field === 9) raw = wire.blob();
      else if (field === 13) entries.set(...readPair(wire, '', () => wire.string()));
      else if (field === 14) external = wire.int() === 1;
      else if (typedFields.includes(field)) counts[field] = (counts[field] ?? 0) + wire.count(wireOf(field));
    });
    messages.push(message);
  };
  const tensor = (): Constant => {
    const stored = storedType(wire, code, label);
    const size = bytesPerElement(stored);
    const count = countOf(dims);
    const bytes = Math.ceil(count * size);
    const shape = formatDims(dims.slice(0, maxRank).map(String));
    if (Number.isNaN(count)) throw wire.fail('INVALID_MODEL', `${label} has ${dims.length} dimensions ${shape}, which make no shape`);
    if (external) {
      const tensor = wire.extras?.readExternal(wire, label, `is ${stored} ${shape}, which`, entries, bytes);
      wire.lacksExtras ||= !tensor;
      return storedConstant(name, stored, dims as number[], () => tensor?.bytes as Bytes);
    }
    const field = typedField(stored);
    // An entry is a byte that holds several elements of less than a byte.
    const each = Math.min(1, size);
    const found = raw?.length ? raw.length / size : (counts[field] ?? 0) / each;
    if (found !== bytes / size)
      throw wire.fail('INVALID_MODEL', `${label} is ${stored} ${shape}, ${count} elements, but has data for ${found}`);
    const data = raw;
    if (data?.length) return storedConstant(name, stored, dims as number[], () => data);
    const read = () => {
      const data = new (storageOf(stored))(Math.ceil(count * each)) as Float32Array<ArrayBuffer>;
      // Only arrays of 64-bit integers take bigints, and they take nothing else. Any number but 0 is true, 256 as well.
      const convert = (stored === 'bool' ? Boolean : /int64/.test(stored) ? BigInt : Number) as NumberConstructor;
      let i = 0;
      for (const message of messages) {
        const again = new Wire(message, name, 'tensor');
        again.message('', (at) => {
          if (at !== field) return;
          again.each(wireOf(field), (value) => {
            data[i++] = convert(value);
          });
        });
      }
      return widen(stored, data).subarray(0, count);
    };
    return { name, type: widened(stored), dims: dims as number[], read, ...(isPacked(stored) && { packed: stored }) };
  };
  return { read: readPart, tensor };
}
