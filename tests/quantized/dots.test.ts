// Which engines take relaxed dots of integers.

import { hasExactDots, v8Of } from '../../src/quantized/dots.ts';

test('what says which V8 it is', () => {
  const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36';
  expect(v8Of({ navigator: { userAgent: chrome } })).toBe(15.6);
  expect(v8Of({ process: { versions: { v8: '13.6.233.17-node.53' } }, navigator: { userAgent: 'Node.js/24' } })).toBe(13.6);
  expect(v8Of({ process: { versions: { v8: '13.6.233', bun: '1.4.5' } }, navigator: { userAgent: 'Bun/1.4.5' } })).toBe(0);
  expect(v8Of({ navigator: { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' } })).toBe(0);
  expect(v8Of({ process: {} })).toBe(0);
  expect(v8Of({})).toBe(0);
});

test('engines and machines that were not measured take strict dots', () => {
  const node = (v8: string, arch: string) => ({ process: { arch, versions: { v8 } } });
  expect(hasExactDots({})).toBe(false);
  expect(hasExactDots(node('12.4.254.21-node.33', 'x64'))).toBe(false);
  expect(hasExactDots(node('13.6.233.17-node.53', 'arm64'))).toBe(false);
  // The rest is the machine's.
  const measured = hasExactDots(node('13.6.233.17-node.53', 'x64'));
  expect(hasExactDots()).toBe(v8Of(globalThis) >= 13 && process.arch === 'x64' && measured);
});
