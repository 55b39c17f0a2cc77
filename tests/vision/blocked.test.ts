import { noise, sha256 } from './pictures.ts';

test('where the engine refuses to compile, pictures come out the same', async () => {
  const { Module } = WebAssembly;
  const refuse = import.meta.jest.fn(() => {
    throw new WebAssembly.CompileError('Refused by the content security policy');
  });
  Object.assign(WebAssembly, { Module: refuse });
  try {
    const { imagenet, resize, toTensor } = await import('../../src/vision/index.ts');
    const { usesSimd } = await import('../../src/vision/simd.ts');
    // The hash of Pillow's result, as in resize.test.ts.
    expect(sha256(resize(noise(640, 480), 341, 256).data)).toBe('fbe807f70ba43540e7847ff4076b90972a0dcc4c71423a0686139ed0424e6205');
    expect(toTensor(noise(300, 256), imagenet).dims).toEqual([1, 3, 224, 224]);
    expect(usesSimd()).toBe(false);
    // Asked once, not with every picture.
    expect(refuse).toHaveBeenCalledTimes(1);
  } finally {
    Object.assign(WebAssembly, { Module });
  }
});
