/** RGBA; what the bytes are does not matter here. */
const black = (width: number, height: number) => ({ width, height, data: new Uint8Array(width * height * 4) });

test('the binary is under 4 KB, and its memory stays small whatever the picture', async () => {
  const { Instance, Module } = WebAssembly;
  const made: WebAssembly.Memory[] = [];
  let size = 0;
  Object.assign(WebAssembly, {
    Module: class extends Module {
      constructor(bytes: BufferSource) {
        super(bytes);
        size = bytes.byteLength;
      }
    },
    Instance: class extends Instance {
      constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
        super(module, imports);
        made.push(this.exports.memory as WebAssembly.Memory);
      }
    },
  });
  try {
    const { resize, toTensor } = await import('../../src/vision/index.ts');
    resize(black(3000, 2000), 256, 256);
    resize(black(400, 300), 1500, 1200);
    toTensor(black(1200, 900), { mean: [0, 0, 0], std: [1, 1, 1] });
    // Browsers used to refuse more than 4 KB at once on the main thread.
    expect(size).toBeGreaterThan(1000);
    expect(size).toBeLessThanOrEqual(4096);
    expect(made).toHaveLength(1);
    expect(made[0]?.buffer.byteLength).toBeLessThanOrEqual(2 ** 20);
    resize(black(700_000, 1), 5, 1, { filter: 'box' });
    resize(black(2_500_000, 1), 5, 1, { filter: 'box' });
    expect(made[0]?.buffer.byteLength).toBeLessThanOrEqual(2 ** 24 + 2 ** 16);
  } finally {
    Object.assign(WebAssembly, { Instance, Module });
  }
});
