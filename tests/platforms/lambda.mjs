// AWS Lambda: the example's handler, called by a runtime that takes its events from a Runtime API on this machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const name = 'AWS Lambda';

const BOOTSTRAP = fileURLToPath(new URL('./entries/lambda-bootstrap.mjs', import.meta.url));

/**
 * Has a handler answer events, in an environment of its own.
 * @returns each answer, and the milliseconds until it came: the first one's from the start of the process
 */
async function invoke(node, root, handler, events, signal) {
  const answers = [];
  let since = performance.now();
  let settle;
  const done = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  const api = createServer(async (request, response) => {
    const path = request.url.replace('/2018-06-01/runtime/', '');
    if (path === 'invocation/next') {
      // Lambda, too, keeps the runtime waiting where there is no event.
      if (answers.length === events.length) return;
      if (answers.length > 0) since = performance.now();
      const headers = {
        'lambda-runtime-aws-request-id': `event-${answers.length}`,
        'lambda-runtime-deadline-ms': `${Date.now() + 30_000}`,
      };
      response.writeHead(200, headers).end(JSON.stringify(events[answers.length]));
      return;
    }
    let body = '';
    for await (const part of request) body += part;
    response.writeHead(202).end();
    if (path !== `invocation/event-${answers.length}/response`) settle.reject(new Error(`${path}: ${body}`));
    else if (answers.push({ value: JSON.parse(body), ms: performance.now() - since }) === events.length) settle.resolve();
  }).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const env = { ...process.env, _HANDLER: handler, LAMBDA_TASK_ROOT: root, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${api.address().port}` };
  since = performance.now();
  const runtime = spawn(node, [BOOTSTRAP], { env, cwd: root, signal, stdio: ['ignore', 'inherit', 'inherit'] });
  runtime.on('error', settle.reject);
  runtime.on('exit', (code) => settle.reject(new Error(`the runtime ended (exit code ${code})`)));
  try {
    await done;
  } finally {
    runtime.removeAllListeners('exit').kill();
    api.close();
    api.closeAllConnections();
  }
  return answers;
}

export async function run({ project, models, example, tool, signal }) {
  const node = tool('node22') ?? process.execPath;
  const root = example('lambda');
  const event = { isBase64Encoded: true, body: readFileSync(join(root, 'cat.png')).toString('base64') };
  const answers = await invoke(node, root, 'index.handler', [event, event, event, { body: 'no picture' }], signal);
  for (const { value } of answers.slice(0, 3)) {
    if (value.statusCode !== 200 || JSON.parse(value.body).label !== 'cat') throw new Error(`the handler answers ${JSON.stringify(value)}`);
  }
  if (answers[3].value.statusCode !== 415) throw new Error(`the handler takes what is no picture: ${JSON.stringify(answers[3].value)}`);

  // Beside the package, as a function of its own.
  const bits = join(project, 'lambda');
  mkdirSync(bits);
  copyFileSync(new URL('./bits.js', import.meta.url), join(bits, 'bits.js'));
  writeFileSync(
    join(bits, 'index.js'),
    "import { readFile } from 'node:fs/promises';\nimport { measure } from './bits.js';\nexport const handler = ({ models }) => measure(() => import('lanewise'), (name) => readFile(models + '/' + name));\n",
  );
  const [{ value }] = await invoke(node, bits, 'index.handler', [{ models }], signal);
  return {
    ...value,
    note: `from the start of the process to the answer ${answers[0].ms.toFixed(0)} ms, later ones ${answers[2].ms.toFixed(0)} ms`,
  };
}
