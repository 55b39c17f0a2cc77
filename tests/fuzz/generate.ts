// Random graphs over all operators: one operator is chosen by how much of it there is to see, others stand around it.

import { operators } from '../../src/ops/index.ts';
import { Builder } from './build.ts';
import type { Draw } from './draw.ts';
import { elementwise } from './elementwise.ts';
import type { FuzzGraph } from './graph.ts';
import { moves } from './moves.ts';
import { chooser, keysOf, type Maker } from './operator.ts';
import { windows } from './windows.ts';

export const makers: ReadonlyMap<string, Maker> = new Map(
  Object.entries({ ...elementwise, ...windows, ...moves }).sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** The opsets that graphs have. */
const OPSETS = [7, 21] as const;

/** Everything that a long run must meet. */
export const expectedKeys: readonly string[] = [...makers].flatMap(([op, maker]) => keysOf(op, maker));

const names = [...makers.keys()];
/** Operators by weight: those of many attributes and revisions more often. */
const weighted = names.flatMap((op) =>
  Array.from({ length: 4 + Math.round(keysOf(op, makers.get(op) as Maker).length ** 1.25 / 2) }, () => op),
);

const lastOf = (op: string): number => Math.min(OPSETS[1], operators.get(op)?.opsets[1] ?? 0);
const firstOf = (op: string): number => Math.max(OPSETS[0], operators.get(op)?.opsets[0] ?? 0, makers.get(op)?.since[0] ?? 0);

/** Each revision is as frequent as any other. */
function anyOpset(op: string, draw: Draw): number {
  const since = makers.get(op)?.since ?? [];
  const i = draw.int(0, since.length - 1);
  const from = Math.max(firstOf(op), since[i] ?? 0);
  const to = i + 1 < since.length ? (since[i + 1] as number) - 1 : lastOf(op);
  return draw.int(from, Math.max(from, to));
}

/** Which revision of an operator an opset has. */
export const revisionOf = (op: string, opset: number): number => makers.get(op)?.since.findLast((since) => since <= opset) ?? 0;

export interface Generated {
  readonly graph: FuzzGraph;
  /** What occurs in it, as `expectedKeys` names it. */
  readonly seen: readonly string[];
}

export function generate(draw: Draw, only?: string): Generated {
  const count = draw.chance(50) ? draw.int(2, 6) : 1;
  const op = only ?? draw.of(weighted);
  const opset = anyOpset(op, draw);
  const special = count === 1 && draw.chance(6) ? (op in elementwise ? 'extreme' : 'special') : undefined;
  const b = new Builder(draw, opset, special);
  const others = names.filter((name) => firstOf(name) <= opset && lastOf(name) >= opset);
  const at = draw.int(0, count - 1);
  for (let i = 0; i < count && !b.open; i++) {
    const name = i === at ? op : draw.of(others);
    const maker = makers.get(name) as Maker;
    maker.make(b, chooser(b, maker));
  }
  const revisions = b.seen.filter((key) => makers.has(key)).map((name) => `${name}@${revisionOf(name, opset)}`);
  return { graph: b.build(), seen: [...b.seen, ...revisions] };
}
