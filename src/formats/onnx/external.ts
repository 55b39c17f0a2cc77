import { type Bytes, partOf } from '../bytes.ts';
import type { ExternalTensor, Wire } from './wire.ts';

/**
 * A normalised location. A model must not choose what else is read from a machine, so this is undefined for absolute paths,
 * drives, '..' and anything that another system could take for one of these.
 */
export function insideFolder(location: string): string | undefined {
  if (/^[a-z]:|^\/|[\\\0]/i.test(location)) return undefined;
  const parts = location.split('/').filter((part) => part !== '' && part !== '.');
  return parts.length === 0 || parts.includes('..') ? undefined : parts.join('/');
}

/**
 * Adds the current tensor to `wire.external`.
 * @param described the tensor with its type and shape, for errors
 * @param entries TensorProto.external_data
 * @param size bytes that its shape takes
 * @throws LanewiseError INVALID_MODEL
 */
export function readExternalTensor(
  wire: Wire,
  label: string,
  described: string,
  entries: ReadonlyMap<string, string>,
  size: number,
): ExternalTensor {
  const invalid = (problem: string) => wire.fail('INVALID_MODEL', `${label} ${problem}`);
  const given = entries.get('location');
  if (!given) throw invalid('has its data in another file, but does not say in which');
  const location = insideFolder(given);
  if (location === undefined) throw invalid(`has its data in '${given}', which is not inside the model's folder`);
  const number = (key: string, otherwise: number): number => {
    const text = entries.get(key) ?? '';
    const value = text === '' ? otherwise : Number(text);
    // Number('0x10') and Number(' 1 ') would be numbers too.
    if (/\D/.test(text) || !Number.isSafeInteger(value)) throw invalid(`has the ${key} '${text}' in '${location}'`);
    return value;
  };
  const offset = number('offset', 0);
  const length = number('length', size);
  if (length !== size) throw invalid(`${described} takes ${size} bytes, but has ${length} in '${location}'`);
  const tensor = { label, location, offset, size, bytes: new Uint8Array(0) };
  wire.external.push(tensor);
  return tensor;
}

/** Gives each tensor in `wire.external` its bytes, a view on its file. @throws LanewiseError FILE_NOT_FOUND, TRUNCATED_FILE */
export function resolveExternal(wire: Wire, files?: ReadonlyMap<string, Bytes>): void {
  for (const tensor of wire.external) {
    const { label, location, offset, size } = tensor;
    const file = files?.get(location);
    if (!file) throw wire.fail('FILE_NOT_FOUND', `${label} has its data in '${location}', which is not given`);
    if (offset + size > file.length) {
      const place = `${size} bytes from byte ${offset} on of '${location}'`;
      throw wire.fail(
        'TRUNCATED_FILE',
        `${label} has its data in ${place}, which ends at byte ${file.length}: it was cut off or is another file`,
      );
    }
    tensor.bytes = partOf(file, offset, offset + size);
  }
}
