import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModel } from '../../src/cli/files.ts';
import { LanewiseError } from '../../src/errors.ts';
import { externalLocations, readOnnx, writeOnnx } from '../../src/formats/index.ts';
import { everything } from '../layers/everything.ts';
import { lacking } from '../skip.ts';

/** The onnx package, as Debian's python3-onnx installs it. */
const python = '/usr/bin/python3';
/** ONNX's own backend tests, as Debian's libonnx-testdata installs them. */
const data = join(process.env.ONNX_TESTDATA ?? '/usr/share/libonnx-testdata/data', 'node');

/** Prints, for each file named on a line of the input, what the checker has against it. */
const script = `
import json, sys, onnx
problems = {}
for path in sys.stdin.read().splitlines():
    try:
        onnx.checker.check_model(path, full_check=True)
    except Exception as error:
        problems[path] = str(error)
print(json.dumps(problems))
`;

const check = (paths: readonly string[]): Record<string, string> =>
  JSON.parse(execFileSync(python, ['-c', script], { input: paths.join('\n'), encoding: 'utf8', maxBuffer: 1e8 }));

function hasOnnx(): boolean {
  try {
    execFileSync(python, ['-c', 'import onnx'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

if (!hasOnnx()) {
  lacking("ONNX's checker", `${python} has no onnx package (Debian: python3-onnx)`);
} else {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-checker-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the default model, written with float32 and float16 weights, is valid', () => {
    const path = 'models/cifar10-resnet20/model.onnx';
    const graph = readOnnx(readFileSync(path), path);
    const paths = (['f32', 'f16'] as const).map((weights) => {
      const to = join(folder, `${weights}.onnx`);
      writeFileSync(to, writeOnnx(graph, { weights }));
      return to;
    });
    // Outputs without a type and a shape, as some exporters write them.
    paths.push(join(folder, 'untyped.onnx'));
    writeFileSync(join(folder, 'untyped.onnx'), writeOnnx({ ...graph, outputs: graph.outputs.map(({ name }) => ({ name })) }));
    expect(check(paths)).toEqual({});
  });

  test('a network with every layer is valid', () => {
    const to = join(folder, 'everything.onnx');
    writeFileSync(to, everything({ newer: false }).toONNX());
    expect(check([to])).toEqual({});
  });

  test('external data that the onnx package writes is read', async () => {
    const from = 'models/cifar10-resnet20/model.onnx';
    const to = join(folder, 'external.onnx');
    const save =
      'import onnx, sys; onnx.save_model(onnx.load(sys.argv[1]), sys.argv[2], save_as_external_data=True, location="weights.bin", size_threshold=512)';
    execFileSync(python, ['-c', save, from, to]);
    expect(externalLocations(readFileSync(to), to)).toEqual(['weights.bin']);
    const bits = async (path: string) =>
      new Map([...(await readModel(path)).constants].map(([name, { read }]) => [name, Buffer.from(read().slice().buffer).toString('hex')]));
    expect(await bits(to)).toEqual(await bits(from));
  });

  if (!existsSync(data)) {
    lacking("ONNX's checker over ONNX's backend tests", `${data} is not there (Debian: libonnx-testdata; or set ONNX_TESTDATA)`);
  } else {
    test("backend-test models are valid again, where the checker's shape inference passes them at all", () => {
      // Every seventh: some 130 of all kinds.
      const models = readdirSync(data)
        .filter((name) => existsSync(join(data, name, 'model.onnx')))
        .filter((_, i) => i % 7 === 0);
      const written = new Map<string, string>();
      for (const name of models) {
        const from = join(data, name, 'model.onnx');
        try {
          for (const weights of ['f32', 'f16'] as const) {
            const to = join(folder, `${name}.${weights}.onnx`);
            writeFileSync(to, writeOnnx(readOnnx(readFileSync(from), from), { weights }));
            written.set(to, from);
          }
        } catch (error) {
          // Strings, sequences, subgraphs.
          if (!(error instanceof LanewiseError && error.code === 'UNSUPPORTED')) throw error;
        }
      }
      const problems = check([...written.keys(), ...new Set(written.values())]);
      const worse = [...written].filter(([to, from]) => problems[to] && !problems[from]).map(([to]) => problems[to]);
      expect(worse).toEqual([]);
      expect(written.size / 2).toBeGreaterThan(60);
    }, 60_000);
  }
}
