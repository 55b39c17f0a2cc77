// node workerd.mjs EXAMPLE BITS MODELS PICTURE..., BITS - for none: Workers that Wrangler has bundled, in workerd by miniflare. Prints what the example answers
// each picture, the CPU time that takes and the memory of the process, and what bits.js finds.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Miniflare } from 'miniflare';
import { bundled } from '../harness/worker.mjs';

const [example, bits, models, ...pictures] = process.argv.slice(2);
/** Fresh processes for each picture, and pictures posted to each after the first. */
const STARTS = 3;
const WARM = 40;

/** The processes that this one has started. */
const children = () =>
  readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

/** Milliseconds of CPU that each thread of a process has taken. */
function times(pid) {
  const found = new Map();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      found.set(task, Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6);
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return found;
}

/** Milliseconds of CPU that all threads have taken since, the compiler's and the garbage collector's included. */
const spent = (pid, before = new Map()) => [...times(pid)].reduce((sum, [task, ms]) => sum + ms - (before.get(task) ?? 0), 0);

/** Resident memory of a process in MB. */
const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000;

/** Starts a Worker and waits until its process rests; requests go to it directly, not by way of miniflare's own Worker. */
async function start(options) {
  const before = new Set(children());
  const worker = new Miniflare({ compatibilityDate: '2026-07-01', unsafeDirectSockets: [{ port: 0 }], ...options });
  await worker.ready;
  const pid = children().find((child) => !before.has(child) && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('workerd'));
  await setTimeout(300);
  return { worker, pid, url: await worker.unsafeGetDirectURL() };
}

/** Posts a body; gives the answer and the milliseconds of CPU it took. */
async function post({ pid, url }, body) {
  const before = times(pid);
  const answer = await (await fetch(url, { method: 'POST', body })).text();
  // What goes on in the background belongs to it.
  await setTimeout(10);
  return { answer, ms: spent(pid, before) };
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** One Worker in fresh processes, posted one body over and over. */
async function observe(options, body) {
  const starts = [];
  for (let i = 0; i < STARTS; i++) {
    const started = await start(options);
    const startup = spent(started.pid);
    const first = await post(started, body);
    const later = [];
    for (let j = 0; j < WARM; j++) later.push((await post(started, body)).ms);
    starts.push({ startup, first: first.ms, warm: median(later), memory: memory(started.pid), answer: first.answer });
    await started.worker.dispose();
  }
  const of = (key) => median(starts.map((one) => one[key]));
  return { answer: starts[0].answer, startup: of('startup'), first: of('first'), warm: of('warm'), memory: of('memory') };
}

const idle = { modules: true, script: 'export default { fetch: async (r) => new Response(String((await r.arrayBuffer()).byteLength)) };' };
const bodies = pictures.map((path) => readFileSync(path));
const empty = await observe(idle, bodies[0]);
const answers = [];
for (const body of bodies) answers.push(await observe(bundled(example), body));

if (bits === '-') {
  console.log(JSON.stringify({ empty, answers }));
  process.exit();
}
const files = { FILES: (request) => new Response(readFileSync(`${models}${new URL(request.url).pathname}`)) };
const { worker, url } = await start({ ...bundled(bits), serviceBindings: files });
const found = await (await fetch(url)).text();
await worker.dispose();
console.log(JSON.stringify({ empty, answers, found }));
