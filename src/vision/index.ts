// Node's decodePicture is in decode.ts, which nothing here imports, because a browser bundle must not import sharp. Long
// lists of labels are in lanewise/vision/labels.
export { pictureFromBlob } from './decode-browser.ts';
export { labelsFromConfig, labelsFromText } from './labels/read.ts';
export { centerCrop, checkPicture, cropPicture, flipHorizontal, flipVertical, type Picture, type PictureLike } from './picture.ts';
export { fitPicture, type Preprocessing, type Size } from './preprocess.ts';
export { readPreprocessorConfig } from './preprocessor-config.ts';
export { cifar10, imagenet, imagenetBicubic, imagenetInception, mnist } from './presets.ts';
export { type Box, type Filter, type ResizeOptions, resize } from './resize.ts';
export { softmax, topK } from './scores.ts';
export { type Drawable, pictureFrom } from './sources.ts';
export { type Layout, type ToPictureOptions, type ToTensorOptions, toPicture, toTensor } from './tensors.ts';
