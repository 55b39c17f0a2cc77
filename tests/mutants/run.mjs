// Mutants: does a test notice a fault? npm run mutants [-- NAME...]
// Each tests/mutants/NAME.patch is a unified diff of the repository behind two lines, `# what: the fault` and `# tests: path path ...`, the files
// that are to fail with it. A fault of assembly/ has a third, `# binaries: name name ...`: those of scripts/binaries.mjs that the tests show it in, which
// alone are built anew. They are applied one by one to a copy of the working tree. Fails if one survives, does not apply or is not to be judged.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'tests/mutants');
/** Built outside git, or installed. */
const carried = ['build', 'dist'];
const linked = ['node_modules', 'bench/peers/node_modules'];
/** A mutant may make a loop endless. */
const MINUTES = 20;

const all = readdirSync(folder)
  .filter((name) => name.endsWith('.patch'))
  .map((name) => basename(name, '.patch'))
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`there is no mutant ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}

function read(name) {
  const text = readFileSync(join(folder, `${name}.patch`), 'utf8');
  const [what, tests, binaries = ''] = ['what', 'tests', 'binaries'].map((key) =>
    text.match(new RegExp(`^# ${key}: *(.+)$`, 'm'))?.[1]?.trim(),
  );
  const files = text.split('\n').flatMap((line) => line.match(/^\+\+\+ b\/(.+)$/)?.[1] ?? []);
  if (!what || !tests) throw new Error(`${name}.patch has no '# what:' or no '# tests:'`);
  return { what, tests: tests.split(/\s+/), binaries: binaries.split(/\s+/).filter(Boolean), files };
}

/** What git knows and what is new, as it lies in the working tree. */
function copyTree(to) {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  for (const name of list.split('\0').filter((name) => name && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    cpSync(join(root, name), join(to, name), { verbatimSymlinks: true });
  }
  for (const name of carried) if (existsSync(join(root, name))) cpSync(join(root, name), join(to, name), { recursive: true });
  for (const name of linked) if (existsSync(join(root, name)) && !existsSync(join(to, name))) symlinkSync(join(root, name), join(to, name));
  // Patches are applied as to a repository; its git directory is not the working tree's.
  execFileSync('git', ['init', '--quiet'], { cwd: to });
}

const options = (cwd) => ({ cwd, encoding: 'utf8', maxBuffer: 1e9, timeout: MINUTES * 60_000, killSignal: 'SIGKILL' });

/** Undefined where the tests pass. @returns what failed */
function failureOf(tree, tests) {
  const jest = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--runTestsByPath',
    '--json',
    // A busy machine is no fault that a test has noticed.
    '--testTimeout=120000',
    ...tests,
  ];
  const { status, error, stdout } = spawnSync(process.execPath, jest, options(tree));
  if (error?.code === 'ETIMEDOUT') return `no end within ${MINUTES} minutes`;
  const json = stdout?.split('\n').find((line) => line.startsWith('{"num'));
  if (!json) throw new Error(`jest ended with ${status ?? error?.code} and gave no results`);
  const results = JSON.parse(json);
  if (results.numTotalTestSuites !== tests.length) throw new Error(`jest ran ${results.numTotalTestSuites} of ${tests.length} files`);
  if (results.success) return undefined;
  const failed = results.testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === 'failed'));
  return failed.length > 0 ? `${failed.length} failed, '${failed[0].fullName}' first` : 'a file that does not run';
}

/** @returns the word for the mutant, and more about it */
function judge(tree, { tests, binaries, files }, patch) {
  const absent = tests.filter((name) => !existsSync(join(tree, name)));
  if (absent.length > 0) return ['does not apply', `there is no ${absent.join(', ')}`];
  const git = (...args) => spawnSync('git', ['apply', ...args, patch], options(tree));
  const applied = git();
  if (applied.status !== 0) return ['does not apply', applied.stderr.trim().split('\n')[0]];
  const building = files.some((name) => name.startsWith('assembly/') || name.startsWith('scripts/'));
  try {
    if (building) {
      const built = spawnSync(process.execPath, ['scripts/binaries.mjs', ...binaries], options(tree));
      if (built.status !== 0) return ['killed', 'it does not build'];
    }
    const failure = failureOf(tree, tests);
    return failure ? ['killed', failure] : ['SURVIVED', tests.join(' ')];
  } finally {
    git('--reverse');
    // The next mutant finds what was built of no mutant.
    if (building) {
      for (const name of carried) {
        rmSync(join(tree, name), { recursive: true, force: true });
        if (existsSync(join(root, name))) cpSync(join(root, name), join(tree, name), { recursive: true });
      }
    }
  }
}

const tree = mkdtempSync(join(tmpdir(), 'lanewise-mutants-'));
process.on('exit', () => rmSync(tree, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
copyTree(tree);

const mutants = (asked.length > 0 ? asked : all).map((name) => [name, read(name)]);
// A test that fails without a mutant kills every one.
const tests = [...new Set(mutants.flatMap(([, { tests }]) => tests))].filter((name) => existsSync(join(tree, name)));
const before = tests.length > 0 && failureOf(tree, tests);
if (before) {
  console.error(`without any mutant: ${before}`);
  process.exit(2);
}

const counts = { killed: 0, SURVIVED: 0, 'does not apply': 0 };
for (const [name, mutant] of mutants) {
  const [verdict, detail] = judge(tree, mutant, join(folder, `${name}.patch`));
  counts[verdict]++;
  console.log(`${verdict.padEnd(14)} ${name}: ${mutant.what} (${detail})`);
}
const lost = counts['does not apply'];
console.log(`${counts.killed} killed, ${counts.SURVIVED} survived${lost > 0 ? `, ${lost} did not apply` : ''}`);
process.exitCode = counts.SURVIVED + lost > 0 ? 1 : 0;
