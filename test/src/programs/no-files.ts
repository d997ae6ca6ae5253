/** A demo tenant in a process that may open no more files: it cannot start, and says so. */
import { openSync } from 'node:fs';
import { createTenant } from '../../../src/node-api';
import { byMobile, failureOf } from '../support';

const openAll = (): void => {
  try {
    for (;;) openSync('/dev/null');
  } catch {
    // No more of them.
  }
};

const main = async (): Promise<void> => {
  openAll();
  const tenant = createTenant({ demo: true });
  const events: unknown[] = [];
  tenant.on('change', ({ event, state, code, tenant: label }) => events.push([event, state, code, label]));
  tenant.on('ready', () => events.push('ready'));
  const watched = new Promise<void>((resolve) => tenant.watch(resolve));
  const failed = await failureOf(byMobile(tenant, '13800001111'));
  await watched;
  console.log(JSON.stringify({ events, code: [failed.code, failed.system], state: tenant.condition().state }));
};

void main();
