// Names of classes by index. Each list is a module's own constant, so that a bundle includes only the lists that it uses.
export { imagenetLabels } from './imagenet.ts';
export { cifar10Labels, cifar100Labels, fashionMnistLabels, mnistLabels } from './small.ts';
