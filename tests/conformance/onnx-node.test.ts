// ONNX's own backend tests, as Debian's libonnx-testdata installs them, and the cases of this project, where they are beside the checkout.
// Which of them pass is known case by case: unsupported.txt and onnx-known.txt list the others, and README.md and docs/models.md count them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseResult, deviation, readKnown, verifyCase } from '../../src/cli/verify.ts';
import { lacking, skip } from '../skip.ts';

const data = process.env.ONNX_TESTDATA ?? '/usr/share/libonnx-testdata/data';
const own = '../shared/cases';

/** What the error of a case says. */
const unsupported = readKnown('tests/conformance/unsupported.txt');
/** Cases that contradict PyTorch and onnxruntime, with the reason. */
const known = readKnown('tests/conformance/onnx-known.txt');

type Counts = Record<CaseResult['status'] | 'cases', number>;

/** The counts in a sentence of a page. */
function stated(page: string, pattern: RegExp): Counts {
  const { groups } = readFileSync(page, 'utf8').replace(/\s+/g, ' ').match(pattern) ?? {};
  if (!groups) throw new Error(`${page} says nothing like ${pattern}`);
  const count = (name: string) => Number(groups[name] ?? 0);
  return { cases: count('cases'), passed: count('passed'), failed: 0, known: count('known'), unsupported: count('unsupported') };
}

const allCases =
  /Of ONNX's (?<cases>\d+) operator tests (?<passed>\d+) pass, 0 fail, (?<known>\d+) are known deviations and (?<unsupported>\d+) are unsupported/;
const node = stated('README.md', allCases);
const pytorch = stated(
  'docs/models.md',
  /Of the (?<cases>\d+) cases that were converted from PyTorch (?<passed>\d+) pass and (?<unsupported>\d+), all 3-D, are unsupported/,
);

const suites: Record<string, { folders: string[]; counts?: Counts }> = {
  "ONNX's operator tests": { folders: [join(data, 'node')], counts: node },
  'cases converted from PyTorch': { folders: [join(data, 'pytorch-converted'), join(data, 'pytorch-operator')], counts: pytorch },
  "ONNX's small models": { folders: [join(data, 'simple')] },
  "this project's cases": { folders: [own] },
};

describe.each(Object.entries(suites))('%s', (suite, { folders, counts }) => {
  const absent = folders.find((folder) => !existsSync(folder));
  if (absent === own) {
    skip(suite, `${own} is not there, which only who develops Lanewise has`);
    return;
  }
  if (absent) {
    lacking(suite, `${absent} is not there (Debian: libonnx-testdata; or set ONNX_TESTDATA)`);
    return;
  }
  const paths = folders.flatMap((folder) => readdirSync(folder).map((name) => [name, join(folder, name)] as const)).sort();
  // ONNX of another version has other cases.
  const exact = !counts || paths.length === counts.cases;
  const results: CaseResult[] = [];

  test.each(paths)('%s', async (name, path) => {
    const result = deviation(await verifyCase(path, { atol: 1e-4, rtol: 1e-3 }, {}), known);
    results.push(result);
    const reason = unsupported.get(name);
    if (reason !== undefined) expect(result).toMatchObject({ status: 'unsupported', message: expect.stringContaining(reason) });
    else if (known.has(name)) expect(result).toMatchObject({ status: 'known' });
    else if (exact || result.status !== 'unsupported') expect(result).toEqual({ name, status: 'passed' });
  });

  if (!exact) {
    lacking(`the counts of ${suite}`, `there are ${paths.length} cases, and the pages count the ${counts.cases} of ONNX 1.12`);
  } else if (counts) {
    test('the pages count them', () => {
      const count = (status: CaseResult['status']) => results.filter((result) => result.status === status).length;
      const [passed, failed, unsupported] = [count('passed'), count('failed'), count('unsupported')];
      expect({ cases: results.length, passed, failed, known: count('known'), unsupported }).toEqual(counts);
    });
  }
});

test('the pages agree', () => {
  expect(stated('docs/models.md', allCases)).toEqual(node);
  expect(stated('README.md', /Of ONNX's own tests (?<passed>\d+) pass and none fails/).passed).toBe(node.passed);
});

test('who is listed twice', () => expect([...known.keys()].filter((name) => unsupported.has(name))).toEqual([]));
