// Names of other libraries, which say what to write instead.

import { LanewiseError } from './errors.ts';

const instead = () =>
  new LanewiseError(
    'UNSUPPORTED',
    "Lanewise has no InferenceSession: import { load } from 'lanewise'; const model = await load('model.onnx'); const outputs = await model.run({ input: tensor })",
  );

/** @deprecated ONNX Runtime's; here `const model = await load('model.onnx')`, then `await model.run({ input: tensor })`. */
export class InferenceSession {
  /** @throws LanewiseError UNSUPPORTED */
  constructor() {
    throw instead();
  }

  /** @throws LanewiseError UNSUPPORTED */
  static async create(..._: unknown[]): Promise<never> {
    throw instead();
  }
}
