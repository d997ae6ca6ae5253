/** How long it takes to hand in a list of 10^8 places that are nearly all empty, and one of 10^6 values. It does not wait for them. */
import { createTenant } from '../../../src/node-api';

const [url = ''] = process.argv.slice(2);
const tenant = createTenant({ domain: url, auth: 'token', token: 'a-token-of-some-length', warmUp: false });
const handIn = (values: unknown[]): number => {
  const before = performance.now();
  void tenant.lookupList({ by: 'mobile', values });
  return performance.now() - before;
};

const dense = Array.from({ length: 1e6 }, (_, index) => `1380000${index}`);
const sparse: unknown[] = [];
sparse[1e8 - 1] = '13800001111';
handIn(dense);
console.log(JSON.stringify({ dense: handIn(dense), sparse: handIn(sparse) }));
process.exit(0);
