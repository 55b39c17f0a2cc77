import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The package under its own name, from source: what a page outside this repository gets from npm. */
export const lanewise = [
  { find: /^lanewise$/, replacement: at('../../src/index.ts') },
  { find: /^lanewise\/vision$/, replacement: at('../../src/vision/index.ts') },
  { find: /^lanewise\/vision\/labels$/, replacement: at('../../src/vision/labels/index.ts') },
];

/** With them the page is cross-origin isolated, and threads run the model. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  root: at('.'),
  // Relative addresses: the built page works from any folder of any server.
  base: './',
  resolve: { alias: lanewise },
  // The model, the photo and the sources lie above this folder.
  server: { fs: { allow: [at('../..')] }, headers },
  preview: { headers },
  worker: { format: 'es' },
  build: {
    outDir: at('../../build/demo'),
    emptyOutDir: true,
    target: 'es2022',
    // The page's policy allows no data: addresses.
    assetsInlineLimit: 0,
  },
});
