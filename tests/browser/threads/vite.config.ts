import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { lanewise } from '../../../examples/browser/vite.config.ts';

export default defineConfig({
  base: './',
  resolve: { alias: lanewise },
  build: { outDir: fileURLToPath(new URL('../../../build/threads', import.meta.url)), emptyOutDir: true, assetsInlineLimit: 0 },
});
