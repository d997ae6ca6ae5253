/** Uses tenants in every state, closes them, and must end by itself. */
import { createTenant, LookupFailure } from '../../../src/node-api';

const [url = '', blackHole = ''] = process.argv.slice(2);
const settings = { auth: 'client-credentials', clientId: 'an-id', clientSecret: 'a-secret', proxy: false, queueTimeout: 3600, timeout: 600 } as const;
const codeOf = (error: unknown): void => console.log(error instanceof LookupFailure ? error.code : error);
/** What keeps a process alive, apart from its own output. */
const resources = (): string[] => process.getActiveResourcesInfo().filter((name) => /^(TCP|Timeout|TLS)/.test(name));

const main = async (): Promise<void> => {
  const tenant = createTenant({ ...settings, domain: url, cacheTtl: 3600, rateLimit: 100 });
  const { lookup } = await tenant.lookupList({ by: 'mobile', values: ['13800000001', '13800000002', '13800000003'] });
  console.log('ok', lookup.found);
  const dead = createTenant({ ...settings, domain: blackHole, concurrency: 1 });
  const waiting = ['13800000001', '13800000002'].map((value) => dead.lookup({ by: 'mobile', value }).catch(codeOf));
  await Promise.all([tenant.close(), dead.close()]);
  await Promise.all(waiting);
  // Handles are let go in the turn after their sockets were destroyed.
  await new Promise((resolve) => setImmediate(resolve));
  console.log('resources', resources().length);

  // Nothing but the tenant's own timers and sockets keeps this alive.
  const paced = createTenant({ ...settings, domain: url, rateLimit: 4 });
  void Promise.all(['13800000001', '13800000002'].map((value) => paced.lookup({ by: 'mobile', value })))
    .then(() => paced.close())
    .then(() => console.log('after all answers'));
};

void main();
