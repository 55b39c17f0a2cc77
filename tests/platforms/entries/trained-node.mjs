// node trained-node.mjs OPTIONS [STOPS], in a project with lanewise in it: prints what trained.js gives. Bun and Deno run it too.

import * as lanewise from 'lanewise';
import * as layers from 'lanewise/layers';
import * as training from 'lanewise/train';
import { train } from './trained.js';

const [options, stops] = process.argv.slice(2);
console.log(JSON.stringify(await train({ ...lanewise, ...layers, ...training }, JSON.parse(options), stops === 'stops')));
