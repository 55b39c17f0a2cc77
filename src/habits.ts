// Names of other libraries, which say what to write instead.

import { LanewiseError } from './errors.ts';

const instead = () =>
  new LanewiseError(
    'UNSUPPORTED',
    "Lanewise has no InferenceSession: import { load } from 'lanewise'; const model = await load('model.onnx'); const outputs = await model.run({ input: tensor })",
  );

/**
 * ONNX Runtime's way to a model, which says what to write instead.
 * @deprecated `await load('model.onnx')`, then `await model.run({ input: tensor })`
 * @example
 * const model = await load('model.onnx');
 * const outputs = await model.run({ input: new Tensor(new Float32Array(3 * 32 * 32), [1, 3, 32, 32]) });
 */
export class InferenceSession {
  /**
   * Says what to write instead.
   * @throws LanewiseError UNSUPPORTED
   */
  constructor() {
    throw instead();
  }

  /**
   * Says what to write instead.
   * @throws LanewiseError UNSUPPORTED
   */
  static async create(..._: unknown[]): Promise<never> {
    throw instead();
  }
}
