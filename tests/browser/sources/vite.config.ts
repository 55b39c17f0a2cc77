import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: './',
  build: {
    outDir: at('../../../build/sources'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
  },
});
