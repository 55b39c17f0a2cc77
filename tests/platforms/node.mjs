// Node, as a module and by require().

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastJson } from './harness/setup.mjs';

const entries = {
  import: [
    'measure.mjs',
    "import { measure } from './bits.js';\nimport { readFile } from 'node:fs/promises';\nconst importLanewise = () => import('lanewise');\n",
  ],
  require: [
    'measure.cjs',
    "const { measure } = require('./bits.js');\nconst { readFile } = require('node:fs/promises');\nconst importLanewise = async () => require('lanewise');\n",
  ],
};

/** What bits.js measures in a process of its own. */
export async function measureInNode({ project, models, exec }, node, kind = 'import') {
  const [file, head] = entries[kind];
  const body =
    'measure(importLanewise, (name) => readFile(`${process.argv[2]}/${name}`)).then((found) => console.log(JSON.stringify(found)));\n';
  writeFileSync(join(project, file), head + body);
  return lastJson(await exec(node, [file, models], { cwd: project }));
}

/** Runs the example and the list of models under one version of Node. */
async function run(context, version, kind) {
  const node = context.tool(`node${version}`);
  if (!node) return { skipped: `Node ${version} is not installed` };
  return measureInNode(context, node, kind);
}

export const platforms = [20, 22, 24].flatMap((version) =>
  Object.keys(entries).map((kind) => ({ name: `Node ${version}, ${kind}`, run: (context) => run(context, version, kind) })),
);
