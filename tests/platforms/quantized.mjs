// Networks of bytes: the same bits whether an engine takes relaxed dots of integers or not, on one thread and on several.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from './edge-runtime.mjs';
import { armNode, missingArm } from './harness/arm.mjs';
import { missing, withBrowser } from './harness/browser.mjs';
import { buildBits, measureInPage } from './harness/example.mjs';
import { lastJson } from './harness/setup.mjs';
import { isolation } from './harness/site.mjs';

/** @param command the program and its arguments before the script */
async function runIn({ project, exec }, [program, ...before], threads = 1, env = {}) {
  copyFileSync(new URL('./entries/quantized-node.mjs', import.meta.url), join(project, 'quantized-node.mjs'));
  const found = lastJson(await exec(program, [...before, 'quantized-node.mjs', JSON.stringify({ threads })], { cwd: project, env }));
  if (found.threads !== threads) throw new Error(`it ran on ${found.threads} threads`);
  return found;
}

/** Node 20 has strict dots alone. */
export const reference = (context) => runIn(context, [process.execPath]);

const commands = {
  ...Object.fromEntries([20, 22, 24, 26].map((version) => [`Node ${version}`, ({ tool }) => [tool(`node${version}`)]])),
  Deno: ({ tool }) => [tool('deno'), 'run', '--no-prompt', '--allow-read'],
  Bun: ({ tool }) => [tool('bun')],
};

const programs = Object.keys(commands).flatMap((name) =>
  (name === 'Node 20' ? [1, 2, 3, 7] : [1, 3]).map((threads) => ({
    name: `quantized, ${name}${threads > 1 ? `, ${threads} threads` : ''}`,
    run(context) {
      const command = commands[name](context);
      const env = { DENO_DIR: join(context.temp, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
      return command[0] ? runIn(context, command, threads, env) : { skipped: `${name} is not installed` };
    },
  })),
);

/** Slow, because ARM64 is emulated. */
const arm = [1, 3].map((threads) => ({
  name: `quantized, Node 24 on ARM64${threads > 1 ? `, ${threads} threads` : ''}`,
  run: (context) => missingArm ?? runIn(context, armNode(context), threads),
  patience: 400_000,
}));

/** A page, by an example of how it is built. */
const page = (browserName, name, example) => ({
  name: `quantized, ${name}, ${browserName}`,
  async run(context) {
    const skipped = missing(browserName);
    if (skipped) return { skipped };
    const folder = await buildBits(context, { entry: 'main.js', runs: 'quantized', ...example });
    const path = join(folder, 'index.html');
    const html = readFileSync(path, 'utf8');
    // Where there is no bundler, the page's map has the entry.
    const formats = '"lanewise/formats": "./node_modules/lanewise/dist/formats.js",';
    writeFileSync(path, html.includes('lanewise/formats') ? html : html.replace('"imports": {', `"imports": { ${formats}`));
    return withBrowser(browserName, context.signal, (browser) => measureInPage(context, browser, folder, example.headers));
  },
});

const noBundler = { example: 'no-bundler', site: '.' };
const threads = { example: 'threads', site: 'dist', options: { threads: 2 }, headers: isolation };

/** Where nothing can be compiled the binary is an import, and the error says which. */
function checkAnswer({ error, without, ...found }) {
  if (error) throw new Error(error);
  if (without.code !== 'WASM_BLOCKED' || !without.message.includes('import lanewise/wasm/strict-quantized.wasm as a module')) {
    throw new Error(`without the binary it fails with ${without.code}: ${without.message}`);
  }
  return found;
}

const workerd = {
  name: 'quantized, Cloudflare Workers',
  async run({ project, tool, script, exec, temp }) {
    const node = tool('node22') ?? tool('node24');
    const wrangler = script('wrangler');
    if (!node || !wrangler) return { skipped: 'Wrangler, or a Node that it takes, is not installed' };
    const folder = join(project, 'quantized-workerd');
    mkdirSync(folder, { recursive: true });
    copyFileSync(new URL('./quantized.js', import.meta.url), join(folder, 'quantized.js'));
    copyFileSync(new URL('./entries/quantized-worker.js', import.meta.url), join(folder, 'index.js'));
    writeFileSync(join(folder, 'wrangler.json'), JSON.stringify({ name: 'quantized', main: 'index.js', compatibility_date: '2026-07-01' }));
    const env = { WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: join(temp, 'wrangler'), CI: '1' };
    await exec(node, [wrangler, 'deploy', '--dry-run', '--outdir', 'out'], { cwd: folder, env });
    const once = fileURLToPath(new URL('./entries/workerd-once.mjs', import.meta.url));
    // Its clock stands still while code runs.
    const { warmMs: _, ...found } = checkAnswer(lastJson(await exec(node, [once, join(folder, 'out')])));
    return found;
  },
};

const edge = {
  name: 'quantized, Edge Runtime',
  async run({ project }) {
    copyFileSync(new URL('./entries/quantized-worker.js', import.meta.url), join(project, 'quantized-worker.js'));
    const contents = "import { answer } from './quantized-worker.js'; globalThis.answer = answer;";
    const { vm } = await start(contents, project, 'https://edge.example/');
    return checkAnswer(await vm.context.answer());
  },
};

export const platforms = [
  workerd,
  edge,
  ...programs,
  ...arm,
  ...['Chromium', 'Firefox'].flatMap((name) => [page(name, 'page, no bundler', noBundler), page(name, 'Vite, threads', threads)]),
];
