// What each command is called, takes and does: help, docs/cli.md's test and the parser read these tables. It imports nothing,
// so that help and --version come at once.

/** An option, for the parser of Node (`type`, `default`, `multiple`) and for help (`value`, `text`). */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly default?: string | boolean | readonly string[];
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  /** How help writes its value. */
  readonly value?: string;
  /** What it does. */
  readonly text: string;
}

export interface Command {
  /** The words that it takes, as help writes them. */
  readonly takes: string;
  /** What it does, in a line. */
  readonly does: string;
  /** Whatever else is to be known before using it. */
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
}

const json = { type: 'boolean', default: false, text: 'print JSON, for programs' } as const;
const winograd = {
  type: 'boolean',
  default: false,
  text: 'compute 3×3 and 5×5 convolutions directly: slower, with slightly smaller rounding errors',
} as const;
const shape = {
  type: 'string',
  multiple: true,
  default: [],
  value: 'NAME=1,3,224,224',
  text: 'the shape of an input with open dimensions; repeat it for each such input',
} as const;
const weights = { type: 'string', default: 'f32', value: 'f32|f16', text: 'f16: half the size, weights rounded to float16' } as const;
const threads = {
  type: 'string',
  default: '1',
  value: 'N',
  text: 'how many threads, 1 to 64, or auto; any number gives the same bits',
} as const;

/** Options of every command that runs a model. */
const running = {
  threads,
  relaxed: { type: 'boolean', default: false, text: 'use relaxed SIMD: faster, but the last bits may differ between machines' },
  'no-winograd': winograd,
  json,
} as const;

export const commands = {
  run: {
    takes: 'MODEL INPUT...',
    does: 'run a model on pictures or arrays; print the best classes or the outputs, and the times',
    about: `MODEL is an ONNX file or a compiled model, INPUT a picture (JPEG, PNG, WebP, GIF, AVIF, TIFF; read by the optional package sharp) or a
.npy array; each is a path or a URL. Inputs of several names are given as NAME=FILE; one file may go without a name if only one input is left.
Several files without a name are run one after another, and --json prints a line for each. How to prepare pictures, and what the classes are
called, is read from Hugging Face's preprocessor_config.json and config.json beside the model, or follows from --preset.`,
    options: {
      top: { type: 'string', default: '5', value: 'N', text: 'how many classes to show' },
      preset: {
        type: 'string',
        value: 'NAME',
        text: 'how to prepare pictures: cifar10, imagenet, imagenetBicubic, imagenetInception or mnist',
      },
      save: {
        type: 'string',
        multiple: true,
        default: [],
        value: '[OUTPUT=]FILE',
        text: "write an output to a .npy file or, if it is a picture, to .png, .jpg or .webp; {} in FILE stands for the input file's name",
      },
      range: {
        type: 'string',
        value: 'LOW,HIGH',
        text: 'which values become black and white in saved pictures; by default 0,1 or 0,255, depending on the values',
      },
      ...running,
    },
    examples: [
      'lanewise run model.onnx cat.jpg --preset imagenet --top 3',
      'lanewise run model.onnx image=cat.jpg mask=mask.npy --save logits.npy',
      "lanewise run upscale.onnx *.jpg --preset imagenet --save '{}-large.png'",
    ],
  },
  summary: {
    takes: 'MODEL',
    does: 'list the layers: shapes, parameters, multiply-accumulates, receptive fields',
    about: 'MODEL is an ONNX file, as a path or a URL.',
    options: { shape, json },
    examples: ['lanewise summary model.onnx', 'lanewise summary model.onnx --shape input=8,3,224,224'],
  },
  verify: {
    takes: 'DIR...',
    does: 'run ONNX backend test cases and compare the outputs; the last line counts the results',
    about: `DIR is a case, a folder with model.onnx and test_data_set_0, or a folder of cases. An element is right within atol + rtol × |expected|. The
exit code is 1 if a case failed that --known does not list.`,
    options: {
      atol: { type: 'string', default: '1e-4', value: 'X', text: 'the absolute tolerance of an element' },
      rtol: { type: 'string', default: '1e-3', value: 'X', text: 'the tolerance relative to the expected value' },
      known: { type: 'string', value: 'FILE', text: 'a list of known deviations, counted separately; each line is NAME # reason' },
      ...running,
    },
    examples: ['lanewise verify cases/test_conv', 'lanewise verify cases --known deviations.txt'],
  },
  bench: {
    takes: 'MODEL',
    does: 'time a model: load, first run, median of warm runs',
    about: `MODEL is an ONNX file or a compiled model, as a path or a URL. Its inputs are random numbers, the same each time.`,
    options: {
      runs: { type: 'string', default: '20', value: 'N', text: 'how many warm runs' },
      batch: { type: 'string', value: 'N', text: 'run N pictures at a time, and print the pictures per second' },
      shape,
      profile: {
        type: 'boolean',
        default: false,
        text: "print each instruction's kernel, time, GFLOP/s and share of the machine's limit, which is measured first",
      },
      ...running,
    },
    examples: ['lanewise bench model.onnx --runs 50', 'lanewise bench model.onnx --threads 2 --batch 8 --profile'],
  },
  convert: {
    takes: 'IN OUT',
    does: "convert ONNX, safetensors or PyTorch's .pth to .onnx or .safetensors",
    about: 'IN may be a URL. Weights alone become an .onnx by the graph of another model.',
    options: {
      weights,
      graph: { type: 'string', value: 'BASE.onnx', text: 'the model that provides the graph for the weights of IN' },
    },
    examples: ['lanewise convert model.onnx half.onnx --weights f16', 'lanewise convert trained.pth trained.onnx --graph model.onnx'],
  },
  compile: {
    takes: 'MODEL OUT',
    does: 'write an ONNX file as a compiled model, which loads faster and needs no compiler',
    about:
      'MODEL is an ONNX file, as a path or a URL; OUT is for lanewise/runtime, load, run and bench. Compiled models are programs: run those that you made.',
    options: {
      weights,
      shape,
      threads: { type: 'string', default: '1', value: 'N', text: 'the most threads that the compiled model can use, 1 to 64' },
      'no-winograd': winograd,
    },
    examples: ['lanewise compile model.onnx model.lanewise --weights f16'],
  },
  quantize: {
    takes: 'MODEL OUT',
    does: 'make an int8 network of one in float32: smaller and faster; print what it loses',
    about: `MODEL is an ONNX file, as a path or a URL; OUT is an ONNX file with QuantizeLinear and DequantizeLinear, which onnxruntime runs too, or a
compiled model. DIR is a folder of pictures as they will come (or .npy files), or has a folder for each class; some hundred are enough. If the classes are
those of the model, the accuracy is printed beside that of float32.`,
    options: {
      data: { type: 'string', value: 'DIR', text: 'pictures to calibrate with; --weights needs none' },
      pictures: { type: 'string', default: '500', value: 'N', text: 'how many of them, the same number of each class' },
      test: {
        type: 'string',
        value: 'DIR',
        text: 'other pictures, by class, for the accuracy; by default those of --data that it was calibrated with',
      },
      preset: {
        type: 'string',
        value: 'NAME',
        text: 'how to prepare pictures, as for run; by default what preprocessor_config.json beside the model says',
      },
      calibration: {
        type: 'string',
        default: 'mse',
        value: 'mse|minmax|percentile',
        text: 'how the ranges of values are found: by the least squared error, all that was seen, or without the outermost elements',
      },
      percentile: { type: 'string', default: '99.99', value: 'X', text: 'how many percent of the elements --calibration percentile keeps' },
      bits: { type: 'string', default: '8', value: '8|7', text: 'of the weights; 7 for processors on which products of 8 bits saturate' },
      float: {
        type: 'string',
        multiple: true,
        default: [],
        value: 'first|last|NAME',
        text: 'a layer that stays in float32; repeat it for others',
      },
      weights: { type: 'string', value: 'int8|int4', text: 'quantise weights alone: a smaller file, which computes in float32' },
      'no-bias-correction': { type: 'boolean', default: false, text: 'leave the biases as they are' },
      shape,
      threads,
      report: { type: 'boolean', default: false, text: 'list the layers by their error, the largest first' },
      json,
    },
    examples: [
      'lanewise quantize model.onnx int8.onnx --data pictures --preset imagenet',
      'lanewise quantize model.onnx int8.onnx --data train --test test --float last --report',
      'lanewise quantize model.onnx small.onnx --weights int4',
    ],
  },
  export: {
    takes: 'NAME OUT',
    does: 'write a known network with random weights as .onnx, or only the weights as .safetensors',
    about:
      'NAME is alexnet, vgg16, resnet18, resnet20 (for CIFAR-10), densenet121, squeezenet1_1, mobilenet_v2, googlenet or another of these families; an unknown one lists them all.',
    options: {
      seed: { type: 'string', default: '0', value: 'N', text: 'the seed of the weights' },
      classes: { type: 'string', value: 'N', text: "how many classes; by default the network's usual number" },
      shape: {
        type: 'string',
        value: 'C,H,W',
        text: "the input's channels, height and width; by default the network's usual ones",
      },
    },
    examples: ['lanewise export squeezenet1_1 squeezenet.onnx', 'lanewise export resnet18 small.onnx --classes 4 --shape 1,64,64'],
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof commands;

export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);
