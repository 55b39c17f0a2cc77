import { PROGRAM_VERSION } from '../../assembly/opcodes.ts';
import { Header } from '../../src/compiled/format.ts';
import { load } from '../../src/compiled/index.ts';
import { LanewiseError } from '../../src/errors.ts';
import { smallNetwork } from '../runtime/models.ts';
import { compiled } from './networks.ts';

import.meta.jest.setTimeout(120_000);

const original = compiled(smallNetwork([1, 3, 9, 7]), { weights: 'f16' });

/** The error that loading comes to. Anything else fails the test. */
async function failureOf(bytes: Uint8Array): Promise<LanewiseError> {
  try {
    await load(bytes);
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
  throw new Error('it loads');
}

test('cut off after any byte, it is refused', async () => {
  const codes = new Set<string>();
  for (let length = 0; length < original.length; length++) codes.add((await failureOf(original.subarray(0, length))).code);
  expect([...codes].sort()).toEqual(['INVALID_FILE', 'TRUNCATED_FILE']);
});

test('with any one bit flipped, it is refused', async () => {
  const codes = new Map<string, number>();
  for (let at = 0; at < original.length; at++) {
    const bytes = original.slice();
    bytes[at] = (bytes[at] ?? 0) ^ (1 << ((at * 5) % 8));
    const { code } = await failureOf(bytes);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect([...codes.keys()].sort()).toEqual(['INVALID_FILE', 'TRUNCATED_FILE', 'UNSUPPORTED']);
  expect(codes.get('INVALID_FILE')).toBeGreaterThan(original.length * 0.9);
});

test('the errors say what and where', async () => {
  const changed = (at: number, xor = 1) => {
    const bytes = original.slice();
    bytes[at] = (bytes[at] ?? 0) ^ xor;
    return bytes;
  };
  const message = async (bytes: Uint8Array) => (await failureOf(bytes)).message;
  expect(await message(changed(Header.Version, 128))).toBe(
    `the model was compiled for program version ${PROGRAM_VERSION ^ 128} and this version of Lanewise runs ${PROGRAM_VERSION}: compile the model again`,
  );
  expect(await message(changed(Header.Bytes + 3))).toBe('the model is damaged: the checksum of its program is another');
  expect(await message(changed(original.length - 5))).toBe('the model is damaged: the checksum of its weights is another');
  expect(await message(original.subarray(0, 1000))).toMatch(/^the model has 1000 of its \d+ bytes: it was cut off or damaged$/);
  expect(await message(Uint8Array.of(...original, 0))).toMatch(/^the model is damaged: it has \d+ bytes where its header says \d+$/);
  expect(await message(original.subarray(0, 20))).toBe('the model ends inside its header: it was cut off');
  expect(await message(new TextEncoder().encode('<!doctype html>'))).toBe(
    'the model is no compiled model: it is an HTML page: a server that answers with one has no such file; check the address (development servers give their start page for what is missing)',
  );
});
