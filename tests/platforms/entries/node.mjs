// node node.mjs MODELS, in a project with lanewise in it: prints what bits.js measures. Bun and Deno run it too.

import { readFile } from 'node:fs/promises';
import { measure } from './bits.js';

const found = await measure(
  () => import('lanewise'),
  (name) => readFile(`${process.argv[2]}/${name}`),
);
console.log(JSON.stringify(found));
