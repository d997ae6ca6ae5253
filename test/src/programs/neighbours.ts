/** Another node's code in the same process, before and after a tenant is made: its fetch must not change. */
import { createTenant } from '../../../src/node-api';

const [url = '', when = ''] = process.argv.slice(2);
const KEYS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name));
const globals = globalThis as unknown as Record<symbol, unknown>;
const state = (): unknown[] => KEYS.map((key) => globals[key]);

const fetchAgent = async (): Promise<string> => await (await fetch(`${url}/user-agent`)).text();

const main = async (): Promise<void> => {
  // A dispatcher that another node has put there stays, whatever happened before.
  const own = { dispatch: () => true };
  if (when === 'own') for (const key of KEYS) Object.defineProperty(globals, key, { value: own, writable: true, configurable: false });
  if (when === 'before') await fetchAgent();
  const before = state();
  const tenant = createTenant({ domain: url, auth: 'token', token: 'token', proxy: false });
  const { user } = await tenant.lookup({ by: 'mobile', value: '13800001111' });
  const after = state();
  const fetched = when === 'own' ? '' : await fetchAgent();
  await tenant.close();
  const { Dispatcher } = await import('undici');
  console.log(JSON.stringify({
    found: user.user_id,
    unchanged: after.every((dispatcher, index) => before[index] === undefined || dispatcher === before[index]),
    fetched,
    stillWorks: when === 'own' ? '' : await fetchAgent(),
    fetchIsOurs: globals[KEYS[0] ?? Symbol.iterator] instanceof Dispatcher,
  }));
};

void main();
