// node quantized-node.mjs OPTIONS, in a project with lanewise in it: prints what quantized.js gives. Bun and Deno run it too.

import * as lanewise from 'lanewise';
import { writeOnnx } from 'lanewise/formats';
import { runQuantized } from './quantized.js';

console.log(JSON.stringify(await runQuantized({ ...lanewise, writeOnnx }, JSON.parse(process.argv[2] ?? '{}'))));
