#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In a checkout the package may not be built yet.
const built = new URL('../dist/cli.js', import.meta.url);
if (!existsSync(built)) await import('../scripts/ready.mjs');

const { main } = await import(built);
process.exitCode = await main(process.argv.slice(2));
