import fc from 'fast-check';
import { type Box, type Filter, type Picture, resize } from '../../src/vision/index.ts';
import { allowSimd, usesSimd } from '../../src/vision/simd.ts';
import { invalid, noise, sha256, withAlpha } from './pictures.ts';

// SHA-256 of Image.frombytes('RGB', (w, h), noise).resize((W, H), filter, box=box).tobytes() by Pillow 9.4.0.
const pillow: [filter: Filter, from: [number, number], to: [number, number], box: Box | undefined, hash: string][] = [
  ['bilinear', [64, 48], [32, 32], undefined, '2c8d7eb23f242443160f4c17c80705681fd116ea4d2784ccd7f0e1d888bfe8ac'],
  ['bilinear', [37, 23], [91, 64], undefined, '70c09dc4b5cfab76d5094200a3a0fc9ed01ef65ab7ee17fe586f0a13bcd389ea'],
  ['bilinear', [1, 1], [5, 4], undefined, 'bee947af6e821435bc906b2d6dda3af39242f466e66d0be90d68140bf2ed6c1f'],
  ['bilinear', [300, 1], [32, 3], undefined, '5ba4d1feb6f7b9c595a62639373e166d3a348f22492e21c15de6b5e4c0c789a6'],
  ['bilinear', [3, 200], [3, 17], undefined, '4a26eda82f20a814832bedd4f3ae137bec89e0c00903cc3d0c2b0547217e18d8'],
  ['bilinear', [50, 40], [20, 40], undefined, '37fc9204e764ffb8bd0136dabf31974d3849996a97a882d438a9a66acbdd62c7'],
  ['bilinear', [40, 50], [40, 20], undefined, '9926fb97b8e770032857664ea1dfd4621e534bdc375889d46ee8dec93a3d04e4'],
  ['bilinear', [7, 5], [8, 6], undefined, '8216a496d5d31b6e5a24ffef0e3af23f145c6a484b0d14ef2ede208ab7cce9a3'],
  ['bilinear', [640, 480], [341, 256], undefined, 'fbe807f70ba43540e7847ff4076b90972a0dcc4c71423a0686139ed0424e6205'],
  ['bilinear', [60, 40], [16, 16], [5, 3, 45, 37], 'cb1e4fa06a9245f534e752142012a7ebd01e3f6099857f9479ef4a995333b678'],
  ['bilinear', [60, 40], [33, 20], [0.3, 1.7, 58.9, 33.1], '06947ca446455e147c9b2c7b6e3e731e0f9cd43dc11ae0f4f230125df60ba93c'],
  ['bilinear', [60, 40], [40, 40], [10, 0, 50, 40], 'b4b076467da45aa9d433b1c4c1796d1da041463b9c12030b13b7715ed25140b7'],
  ['bilinear', [60, 40], [50, 20], [0, 0, 50, 40], 'a3fc77142b1d2554f3c1105ec3f00990e9c135627ffc27a46a61bf4856640c08'],
  ['bilinear', [60, 40], [20, 30], [0, 10, 60, 40], '3172be8b94f2cc8df87af83e670ad118b205c4ae51cc164cf48d960b32065e4f'],
  // Of boxes whose sides float32 does not tell apart exactly, of a lower edge alone, and of the own size between the pixels.
  ['bilinear', [43, 5], [30, 5], [6.2, 0, 28.7, 5], 'd80dd707bc1f3bb6c5bdaa09792d0c95aa11114cc4b6e2a8f2b4f7974d1a32d0'],
  ['bilinear', [60, 40], [60, 40], [0, 0, 60, 33.5], 'c561588ef86990cc973f98ed5f46b4746533d40cb603a18c2ca781759a25fb35'],
  ['bilinear', [60, 40], [20, 30], [0.5, 0.25, 20.5, 30.25], 'ad4d0407cfded2d5f74a1083a1a4a5b052277794e672a8ad88ebe8874fd84889'],
  ['bicubic', [64, 48], [32, 32], undefined, '407e97b7e074eaccddb0455af1db85135a735d3b92b14960c4daa82b91bcf71c'],
  ['bicubic', [37, 23], [91, 64], undefined, 'e8de4d4d44cce4c872998af379fd43b336a2571080e1d2b0ed97602415f12218'],
  ['bicubic', [1, 1], [5, 4], undefined, 'bee947af6e821435bc906b2d6dda3af39242f466e66d0be90d68140bf2ed6c1f'],
  ['bicubic', [300, 1], [32, 3], undefined, '71373c22125dc20c14bcaca992f04d4aead638978f983fa14f8be3d8a7ba012d'],
  ['bicubic', [3, 200], [3, 17], undefined, 'b6ff76164147ebb4b1431b29d4562bffb0f07fc86e57ca19ac3dc311b4f39f5b'],
  ['bicubic', [50, 40], [20, 40], undefined, '7dff4b5a4399c5a33099b961cece6db4c6dfc5fa7c1ba85ef1513bae928f15e8'],
  ['bicubic', [640, 480], [341, 256], undefined, '83bf374d8e0505d66b25aff0e382af48900c5d48576a9e114a2f3b0a57b3187f'],
  ['bicubic', [60, 40], [33, 20], [0.3, 1.7, 58.9, 33.1], '6606a0a4d09a71bc5ce45eaf3c8fc6e79d3193c72d840f84e60ddb7935cf9e21'],
  ['bicubic', [60, 40], [20, 30], [0, 10, 60, 40], '6daddb253209421f2ed5772e6c56fa271e16c131c72799efe7e24d849cce8439'],
  ['box', [64, 48], [32, 32], undefined, 'fa1912ef5fe9c3fbf3d05231339bef4d9ac19baf76aa9cbe4528f8233ff5f295'],
  ['box', [37, 23], [91, 64], undefined, '0037dd3d23051fa8ba843014e345d320b2627166dba5af8510256ac8c9f6c09e'],
  ['box', [300, 1], [32, 3], undefined, '8642ac7fa1466da9dcab6cdd389f867195f3046cd75cfac183a3a62ca2ad0fed'],
  ['box', [60, 40], [33, 20], [0.3, 1.7, 58.9, 33.1], '0335663b541460075ee5371fb9e6db3cedcf1f757bd39df1f13c60d07da504fe'],
  ['box', [60, 40], [20, 30], [0, 10, 60, 40], '2ab2dc889d2b43ecbb2182c939cf5091dbb5005f0728554f8865342483da7003'],
  ['nearest', [64, 48], [32, 32], undefined, '836f88464f084051c7a7dc55aa9482ff448bacb5134a8612676b300bb03bbeee'],
  ['nearest', [37, 23], [91, 64], undefined, '0037dd3d23051fa8ba843014e345d320b2627166dba5af8510256ac8c9f6c09e'],
  ['nearest', [3, 200], [3, 17], undefined, 'c7e7f41bff6543c938a8b712530b604922ac008a6d6c86d0c6f131119792cd90'],
  ['nearest', [640, 480], [341, 256], undefined, 'a2ce7879eb4f8e0626685b869ac23e8710f3868c4f2b59a4f752f043a712da08'],
  ['nearest', [60, 40], [33, 20], [0.3, 1.7, 58.9, 33.1], 'd028014bb1fed74e1161221df46fc61cdb5be43b4369a9a854d7b57e21823a4e'],
  ['nearest', [50, 5], [30, 5], [5.2, 0, 37.2, 5], 'f1e392670b8771f138d67e733760de40d89e57d9217957d899a7faf45194edcb'],
  ['nearest', [60, 40], [20, 30], [0.5, 0.25, 20.5, 30.25], '9a4809f1124ab68f66510dcac7fddc0a4d86751bb782118f47f0f91805480559'],
  ['nearest', [60, 40], [20, 30], [0, 10, 60, 40], '968cbf9fa8810fde41ed6eeabdffa3a0d36fe70967ee2845a106b92662e3cda3'],
];

afterEach(() => allowSimd(true));

test('the SIMD binary is in use here', () => expect(usesSimd()).toBe(true));

test.each(pillow)(
  '%s from %j to %j in box %j is what Pillow makes, alpha or not, SIMD or not',
  (filter, [w, h], [width, height], box, hash) => {
    const picture = noise(w, h);
    for (const simd of [true, false]) {
      allowSimd(simd);
      for (const source of [picture, withAlpha(picture)]) {
        const resized = resize(source, width, height, { filter, box });
        expect(resized).toMatchObject({ width, height, channels: 3 });
        expect(sha256(resized.data)).toBe(hash);
      }
    }
  },
);

const side = fc.integer({ min: 1, max: 40 });

const filters: Filter[] = ['nearest', 'box', 'bilinear', 'bicubic'];

test.each(filters)('a picture of one colour keeps it at every size: %s', (filter) => {
  fc.assert(
    fc.property(side, side, side, side, fc.tuple(...Array(3).fill(fc.integer({ min: 0, max: 255 }))), (w, h, width, height, colour) => {
      const data = Uint8Array.from({ length: w * h * 3 }, (_, i) => colour[i % 3] as number);
      const resized = resize({ width: w, height: h, channels: 3, data }, width, height, { filter });
      expect(resized.data.every((byte, i) => byte === colour[i % 3])).toBe(true);
    }),
  );
});

test('the own size is a copy, not the same bytes', () => {
  const picture = noise(9, 4);
  const copy = resize(picture, 9, 4);
  expect([...copy.data]).toEqual([...picture.data]);
  expect(copy.data.buffer).not.toBe(picture.data.buffer);
});

test('a resize is mirrored by a mirrored picture', () => {
  const mirror = ({ width, height, data }: Picture): Picture => {
    const turned = data.map(
      (_, i) => data[(Math.floor(i / 3 / width) * width + (width - 1 - (Math.floor(i / 3) % width))) * 3 + (i % 3)] as number,
    );
    return { width, height, channels: 3, data: turned };
  };
  // A power of two: the centres of the taps are exact, so the weights mirror exactly.
  const picture = noise(64, 20);
  expect(mirror(resize(picture, 16, 20))).toEqual(resize(mirror(picture), 16, 20));
});

test('a side that a float32 cannot hold, as Pillow holds boxes in', () => {
  const width = 2 ** 24 + 3;
  const data = new Uint8Array(width * 3).fill(7);
  expect([...resize({ width, height: 1, data }, 2, 1, { filter: 'nearest' }).data]).toEqual([7, 7, 7, 7, 7, 7]);
});

test('wrong sizes, boxes and filters are refused', () => {
  const picture = noise(4, 3);
  for (const size of [0, -1, 1.5, Number.NaN]) expect(() => resize(picture, size, 2)).toThrow(invalid(/size of a resized picture/));
  const boxes: Box[] = [
    [-1, 0, 4, 3],
    [0, 0, 4.5, 3],
    [0, 0, 4, 4],
    [2, 0, 2, 3],
    [0, 3, 4, 1],
    [0, Number.NaN, 4, 3],
  ];
  for (const box of boxes) expect(() => resize(picture, 2, 2, { box })).toThrow(invalid(/leaves the picture of 4×3/));
  for (const box of ['all', 4, [0, 0, 4], ['0', 0, 4, 3], [0, 0, 4n, 3], new Array(4)])
    expect(() => resize(picture, 2, 2, { box: box as never })).toThrow(invalid(/leaves the picture/));
  for (const filter of ['lanczos', 3, '']) {
    expect(() => resize(picture, 2, 2, { filter: filter as never })).toThrow(invalid(/known: nearest, box, bilinear, bicubic/));
  }
  for (const options of ['bicubic', 3, Number.NaN]) {
    expect(() => resize(picture, 2, 2, options as never)).toThrow(invalid(/options of resize are an object, got/));
  }
  expect(resize(picture, 2, 2, null as never)).toEqual(resize(picture, 2, 2));
  expect(() => resize(picture, 2 ** 26, 2 ** 24)).toThrow(invalid(/does not fit in memory/, 'TOO_LARGE'));
});
