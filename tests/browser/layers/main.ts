import { resnet20 } from '../../../src/zoo/index.ts';
import { bytes } from './networks.ts';

/** SHA-256 of each. */
async function hashes(): Promise<Record<string, string>> {
  const digests = Object.entries(await bytes()).map(async ([name, data]) => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data as BufferSource));
    return [name, Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')] as const;
  });
  return Object.fromEntries(await Promise.all(digests));
}

const page = {
  hashes,
  save: () =>
    resnet20()
      .save('resnet20.onnx')
      .then(() => 'saved', String),
};
export type LayersPage = typeof page;
Object.assign(globalThis, page);
