#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In a checkout the package may not be built yet.
const built = new URL('../dist/cli.js', import.meta.url);
if (!existsSync(built)) await import('../scripts/ready.mjs');

// A reader that has seen enough, such as `head`, closes the pipe: no error, and no reason to go on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    if (stream === process.stdout) process.stderr.write(`lanewise: stdout: ${error.message}\n`);
    process.exit(1);
  });
}

const { main } = await import(built);
process.exitCode = await main(process.argv.slice(2));
