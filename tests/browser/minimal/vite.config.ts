import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export default defineConfig({
  base: './',
  // As it is published, for that is what is measured.
  resolve: { alias: [{ find: /^lanewise$/, replacement: at('dist/index.js') }] },
  build: { outDir: at('build/minimal'), emptyOutDir: true, assetsInlineLimit: 0 },
});
