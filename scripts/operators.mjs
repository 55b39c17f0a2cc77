// Writes docs/operators.md from the operators themselves.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

// The sources are TypeScript, and internal, so they are bundled for this run.
const { outputFiles } = await build({
  entryPoints: ['src/analysis/operators.ts'],
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
  logLevel: 'warning',
});
const { operatorsMarkdown } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
writeFileSync('docs/operators.md', operatorsMarkdown());
