import { verifyCase } from '../../src/cli/verify.ts';

test('the default model gives the outputs of PyTorch', async () => {
  const result = await verifyCase('models/cifar10-resnet20', { atol: 1e-4, rtol: 0 }, {});
  expect(result).toEqual({ name: 'cifar10-resnet20', status: 'passed' });
});
