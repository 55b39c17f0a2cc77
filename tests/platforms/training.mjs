// Training: weights, statistics and momentum after fifty steps have the same bits everywhere, on any number of threads, and after a stop.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from './edge-runtime.mjs';
import { missing, withBrowser } from './harness/browser.mjs';
import { buildBits, measureInPage } from './harness/example.mjs';
import { lastJson } from './harness/setup.mjs';
import { isolation } from './harness/site.mjs';

const entry = (name, folder, as = name) => copyFileSync(new URL(`./entries/${name}`, import.meta.url), join(folder, as));

/** @param command the program and its arguments before the script */
async function trainIn({ project, exec }, [program, ...before], options = {}, stops = false, env = {}) {
  entry('trained-node.mjs', project);
  const args = [...before, 'trained-node.mjs', JSON.stringify(options), ...(stops ? ['stops'] : [])];
  const found = lastJson(await exec(program, args, { cwd: project, env }));
  if (found.threads !== (options.threads ?? 1)) throw new Error(`it ran on ${found.threads} threads`);
  return found;
}

export const reference = (context) => trainIn(context, [process.execPath]);

const commands = {
  Bun: ({ tool }) => [tool('bun')],
  Deno: ({ tool }) => [tool('deno'), 'run', '--no-prompt', '--allow-read'],
  ...Object.fromEntries([20, 22, 24, 26].map((version) => [`Node ${version}`, ({ tool }) => [tool(`node${version}`)]])),
};

const program = (name, threads, stops = false) => ({
  name: `training, ${name}${threads > 1 ? `, ${threads} threads` : ''}${stops ? ', after a stop' : ''}`,
  run(context) {
    const command = commands[name](context);
    const env = { DENO_DIR: join(context.temp, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
    return command[0] ? trainIn(context, command, threads === 1 ? {} : { threads }, stops, env) : { skipped: `${name} is not installed` };
  },
});

/** A page, by an example of how it is built. */
const page = (browserName, name, example) => ({
  name: `training, ${name}, ${browserName}`,
  async run(context) {
    const skipped = missing(browserName);
    if (skipped) return { skipped };
    const folder = await buildBits(context, { entry: 'main.js', runs: 'trained', ...example });
    const path = join(folder, 'index.html');
    const html = readFileSync(path, 'utf8');
    // Where there is no bundler, the page's map has the entries.
    const dist = './node_modules/lanewise/dist';
    const entries = ['layers', 'train'].map((entry) => `"lanewise/${entry}": "${dist}/${entry}.js"`).join();
    writeFileSync(path, html.includes('lanewise/train') ? html : html.replace('"imports": {', `"imports": { ${entries},`));
    const found = await withBrowser(browserName, context.signal, (browser) => measureInPage(context, browser, folder, example.headers));
    if (found.threads !== (example.options?.threads ?? 1)) throw new Error(`it ran on ${found.threads} threads`);
    return found;
  },
});

const built = (example, assets) => ({ example, site: 'public', assets });
const noBundler = { example: 'no-bundler', site: '.' };
const threads = { example: 'threads', site: 'dist', options: { threads: 2 }, headers: isolation };
const pages = ['Chromium', 'Firefox'].flatMap((browser) => [
  page(browser, 'page, no bundler', noBundler),
  page(browser, 'Vite, threads', threads),
]);

/** Where nothing can be compiled the binary is an import, and the error says which. */
function checkAnswer({ error, without, ...found }) {
  if (error) throw new Error(error);
  if (without.code !== 'WASM_BLOCKED' || !without.message.includes('import lanewise/wasm/strict-training.wasm as a module')) {
    throw new Error(`without the binary it fails with ${without.code}: ${without.message}`);
  }
  return found;
}

const workerd = {
  name: 'training, Cloudflare Workers',
  async run({ project, tool, script, exec, temp }) {
    const node = tool('node22') ?? tool('node24');
    const wrangler = script('wrangler');
    if (!node || !wrangler) return { skipped: 'Wrangler, or a Node that it takes, is not installed' };
    const folder = join(project, 'trained-workerd');
    mkdirSync(folder);
    copyFileSync(new URL('./trained.js', import.meta.url), join(folder, 'trained.js'));
    entry('trained-worker.js', folder, 'index.js');
    writeFileSync(join(folder, 'wrangler.json'), JSON.stringify({ name: 'trained', main: 'index.js', compatibility_date: '2026-07-01' }));
    const env = { WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: join(temp, 'wrangler'), CI: '1' };
    await exec(node, [wrangler, 'deploy', '--dry-run', '--outdir', 'out'], { cwd: folder, env });
    const once = fileURLToPath(new URL('./entries/workerd-once.mjs', import.meta.url));
    // Its clock stands still while code runs.
    const { warmMs: _, ...found } = checkAnswer(lastJson(await exec(node, [once, join(folder, 'out')])));
    return found;
  },
};

const edge = {
  name: 'training, Edge Runtime',
  async run({ project }) {
    entry('trained-worker.js', project);
    const contents = "import { answer } from './trained-worker.js'; globalThis.answer = answer;";
    const { vm } = await start(contents, project, 'https://edge.example/');
    return checkAnswer(await vm.context.answer());
  },
};

export const platforms = [
  ...[1, 2, 3, 7].map((threads) => program('Node 20', threads)),
  ...[22, 24, 26].map((version) => program(`Node ${version}`, 1)),
  program('Node 26', 2, true),
  ...['Deno', 'Bun'].flatMap((name) => [program(name, 1), program(name, 2, true)]),
  ...pages,
  page('Chromium', 'webpack', built('webpack', ['.'])),
  page('Chromium', 'esbuild', { ...built('esbuild', ['.', 'public']), before: 'compile' }),
  page('Chromium', 'Rollup', built('rollup', ['public'])),
  workerd,
  edge,
];
