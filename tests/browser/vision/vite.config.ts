import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  base: './',
  build: {
    outDir: at('../../../build/vision'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    rollupOptions: { input: [at('index.html'), at('blocked.html')] },
  },
});
