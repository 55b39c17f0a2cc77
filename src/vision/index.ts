// Node's decodePicture is in decode.ts, which nothing here imports: a browser bundle must not reach for sharp.
export { pictureFromBlob } from './decode-browser.ts';
export { labelsFromConfig, softmax, topK } from './labels.ts';
export { checkPicture, cropPicture, type Picture, type PictureLike } from './picture.ts';
export { cifar10, fitPicture, imagenet, type Preprocessing, readPreprocessorConfig, type Size, toTensor } from './preprocess.ts';
export { resizeBilinear } from './resize.ts';
