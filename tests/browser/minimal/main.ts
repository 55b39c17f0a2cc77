import { load, Tensor } from 'lanewise';

/** The least that a page needs to run a model: what is measured, and what the test calls. */
async function run(url: string, data: readonly number[], dims: readonly number[]): Promise<number[]> {
  const model = await load(url);
  const { logits } = await model.run({ input: new Tensor('float32', data, dims) });
  return Array.from(logits?.data ?? [], Number);
}

export type Run = typeof run;
Object.assign(globalThis, { run });
