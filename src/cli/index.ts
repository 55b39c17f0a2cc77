import { LanewiseError, visible } from '../errors.ts';
import { UsageError } from './arguments.ts';

const usage = `lanewise: convolutional networks in WebAssembly SIMD

  lanewise run MODEL INPUT [--top 5] [--preset imagenet] [--relaxed] [--no-winograd] [--json]
      classify a picture (JPEG, PNG, WebP), or run on a .npy array
  lanewise summary MODEL [--shape NAME=1,3,224,224] [--json]
      the layers: shapes, parameters, multiply-accumulates, receptive fields
  lanewise verify DIR... [--atol 1e-4] [--rtol 1e-3] [--known FILE] [--relaxed] [--no-winograd] [--json]
      run ONNX backend-test cases; the last line counts them, apart from the failed ones those that FILE lists as known deviations (a line each: NAME # reason)
  lanewise bench MODEL [--runs 20] [--batch 1] [--shape NAME=1,3,224,224] [--threads 1] [--relaxed] [--no-winograd] [--profile] [--json]
      time a model; --batch 8: eight pictures in a run, and how many of them a second; --profile: every instruction's kernel and form, time, GFLOP/s and share of what multiply-adds reach on
      this machine, measured on the spot (over 100 % where Winograd's algorithm does with fewer than are counted)
  lanewise convert IN OUT [--weights f32|f16] [--graph BASE.onnx]
      .onnx, .safetensors or PyTorch's .pth into .onnx or .safetensors; into .onnx from weights alone with the graph of BASE.onnx
  lanewise compile MODEL OUT [--weights f32|f16] [--shape NAME=1,3,224,224] [--threads 1] [--no-winograd]
      an ONNX file into a compiled model, which loads faster and without the compiler (lanewise/runtime); f16: half the size, weights rounded
  lanewise export NAME OUT [--seed 0] [--classes 1000] [--shape 3,224,224]
      a known network with random weights as .onnx, or these as .safetensors: alexnet, vgg16, resnet18, resnet20
      (CIFAR-10), densenet121, squeezenet1_1, mobilenet_v2, googlenet and others of these families

MODEL is an ONNX file; of run and bench also a compiled one. --threads 2 (run, verify, bench; or auto): that many threads, the same bits. --relaxed: faster, other last bits on other machines. --no-winograd:
3×3 and 5×5 convolutions directly, slower and rounded a little more exactly.`;

/** Each command's module is loaded when it is needed. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  run: async (args) => (await import('./run.ts')).run(args),
  summary: async (args) => (await import('./summary.ts')).summary(args),
  verify: async (args) => (await import('./verify.ts')).verify(args),
  compile: async (args) => (await import('./compile.ts')).compile(args),
  convert: async (args) => (await import('./convert.ts')).convert(args),
  export: async (args) => (await import('./export.ts')).exportModel(args),
  bench: async (args) => (await import('./bench.ts')).bench(args),
};

/** Runs a command line. @returns the exit code: 0, 1 for an error, 2 for a command line that makes no sense */
export async function main(args: readonly string[]): Promise<number> {
  const [name = 'help', ...rest] = args;
  if (name === 'help' || name === '--help' || name === '-h' || rest.includes('--help')) {
    console.log(usage);
    return 0;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new UsageError(`there is no command '${name}'`);
    return await command(rest);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`lanewise: ${visible(error.message)}\n\n${usage}`);
      return 2;
    }
    if (error instanceof LanewiseError) {
      console.error(`lanewise: ${error.message} [${error.code}]`);
      return 1;
    }
    throw error;
  }
}
