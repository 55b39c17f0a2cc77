import { createHash } from 'node:crypto';
import type { Picture } from '../../src/vision/index.ts';
import { noiseNumbers } from '../numbers.ts';

/** Noise that is the same everywhere. */
export function noise(width: number, height: number, channels: 3 | 4 = 3): Picture {
  const next = noiseNumbers();
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(next() * 256);
  return { width, height, channels, data };
}

export const sha256 = (data: Uint8Array | Uint8ClampedArray): string => createHash('sha256').update(data).digest('hex');

/** The same picture with an alpha channel that goes up and down. */
export function withAlpha({ width, height, data }: Picture): Picture {
  const rgba = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 ? (i * 7) % 256 : (data[(i >> 2) * 3 + (i % 4)] as number),
  );
  return { width, height, channels: 4, data: rgba };
}

/** The error that a call throws, with its code and message to match. */
export const invalid = (message: RegExp, code = 'INVALID_INPUT') =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
