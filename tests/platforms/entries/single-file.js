// As node.mjs, but nothing waits at the top level, because CommonJS has no such thing.

import { readFile } from 'node:fs/promises';
import { measure } from './bits.js';

const [models, options = '{}'] = process.argv.slice(2);
measure(
  () => import('lanewise'),
  (name) => readFile(`${models}/${name}`),
  JSON.parse(options),
).then((found) => console.log(JSON.stringify(found)));
