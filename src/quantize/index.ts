// Networks of integers, made from networks in float32: `lanewise/quantize`.

export type { CalibrationData, CalibrationInputs } from './data.ts';
export type { QuantizeOptions, QuantizeProgress } from './options.ts';
export { type Quantized, quantize } from './quantize.ts';
export type { Calibration } from './ranges.ts';
export type { LayerReport, QuantizeReport } from './report.ts';
