import { invalid } from './pictures.ts';

// @types/jest does not know it yet.
const jest = import.meta.jest as unknown as { unstable_mockModule(name: string, factory: () => unknown): void };

test('without sharp, the error says how to install it', async () => {
  jest.unstable_mockModule('sharp', () => {
    throw new Error("Cannot find package 'sharp'");
  });
  const { decodePicture } = await import('../../src/vision/decode.ts');
  await expect(decodePicture(new Uint8Array(8), 'cat.png')).rejects.toEqual(invalid(/npm install sharp/, 'MISSING_DEPENDENCY'));
});
