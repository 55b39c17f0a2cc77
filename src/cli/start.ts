import type { CommandName } from './commands.ts';

/** Each command's module is loaded when it is needed. */
export const start: Readonly<Record<CommandName, (args: readonly string[]) => Promise<number>>> = {
  run: async (args) => (await import('./run.ts')).run(args),
  summary: async (args) => (await import('./summary.ts')).summary(args),
  verify: async (args) => (await import('./verify.ts')).verify(args),
  compile: async (args) => (await import('./compile.ts')).compile(args),
  convert: async (args) => (await import('./convert.ts')).convert(args),
  quantize: async (args) => (await import('./quantize.ts')).quantizeModel(args),
  export: async (args) => (await import('./export.ts')).exportModel(args),
  bench: async (args) => (await import('./bench.ts')).bench(args),
};
