// What the site shows, and in which order.

/** Guides by their file's name without ending, in reading order. Files that are not here follow in alphabetical order. */
export const guides = [
  'README',
  'options',
  'models',
  'cli',
  'vision',
  'threads',
  'layers',
  'weights',
  'training',
  'arithmetic',
  'cnn-from-scratch',
  'deploy',
  'deploy-browser',
  'coming-from',
  'differences',
  'custom-operators',
  'operators',
  'performance',
  'architecture',
];

/** Sentences of the package's entries, in the order of the reference. Entries that are not here follow, without one. */
export const entries = {
  lanewise: 'Loads ONNX files and compiled models, and runs them.',
  'lanewise/vision': 'Pictures to tensors and back; the best classes.',
  'lanewise/vision/node': 'Decodes picture files in Node.',
  'lanewise/vision/labels': 'The names of the classes of ImageNet, CIFAR-10, CIFAR-100, MNIST and Fashion-MNIST.',
  'lanewise/layers': 'Networks written in code. Shapes are logical NCHW: [N, C, H, W] are pictures, [N, F] rows.',
  'lanewise/zoo': 'The networks that courses on CNNs teach, as layers with random weights, and with the names of torchvision.',
  'lanewise/train': 'Trains networks, to the same bits everywhere.',
  'lanewise/quantize': 'Makes int8 networks of networks in float32.',
  'lanewise/analysis': 'The arithmetic of networks: shapes, parameters, multiply-accumulates, memory, receptive fields.',
  'lanewise/formats': 'Reads and writes ONNX graphs, safetensors and npy; reads checkpoints of PyTorch.',
  'lanewise/onnx': 'Reads and writes ONNX graphs, without the other formats.',
  'lanewise/compile': 'Compiles a model to a file that `lanewise/runtime` runs.',
  'lanewise/runtime': 'Runs compiled models, without the compiler and the readers of other files.',
};

/** The listed names in their order, then the others by the alphabet; listed ones that are not there are left out. */
export function ordered(names, list) {
  const rest = names.filter((name) => !list.includes(name)).sort();
  return [...list.filter((name) => names.includes(name)), ...rest];
}
