import { Checksum } from '../../src/compiled/checksum.ts';

const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 11) & 255);

// Values of another implementation of XXH32.
test.each([
  [16, 0x96ac9fa6],
  [32, 0xda8072dc],
  [64, 0x043913c6],
])('%d bytes', (length, expected) => {
  expect(new Checksum().update(bytes.subarray(0, length)).value).toBe(expected);
});

test('bytes that come in parts sum up to the same', () => {
  const whole = new Checksum().update(bytes).value;
  expect(new Checksum().update(bytes.subarray(0, 16)).update(bytes.subarray(16, 48)).update(bytes.subarray(48)).value).toBe(whole);
});
