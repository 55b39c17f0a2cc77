// node node.mjs MODELS [OPTIONS], in a project with lanewise in it: prints what bits.js measures. Bun and Deno run it too.

import { readFile } from 'node:fs/promises';
import { measure } from './bits.js';

const [models, options = '{}'] = process.argv.slice(2);
const found = await measure(
  () => import('lanewise'),
  (name) => readFile(`${models}/${name}`),
  JSON.parse(options),
);
console.log(JSON.stringify(found));
