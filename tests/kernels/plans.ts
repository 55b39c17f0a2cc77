import { type CompileOptions, compile } from '../../src/compiler/compile.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kernelNames } from '../../src/plan/instructions.ts';
import { isHost } from '../../src/plan/plan.ts';

/** The kernels that a graph's plan calls, in order. */
export function opsOf(graph: Graph, feeds: Record<string, { dims: readonly number[] }>, options: Partial<CompileOptions> = {}): string[] {
  const dims = new Map(Object.entries(feeds).map(([name, value]) => [name, value.dims]));
  return compile(graph, { ...options, dims, verify }).steps.map((step) => (isHost(step) ? step.host : kernelNames[step.op]));
}

/** Without those that only bring a value into another layout. */
export const withoutLayout = (kernels: readonly string[]): string[] => kernels.filter((name) => name !== 'f32_transpose_4x4');
