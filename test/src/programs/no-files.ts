/** A demo tenant in a process that may open no more files: it cannot start, and says so. */
import { closeSync, openSync } from 'node:fs';
import { createTenant } from '../../../src/node-api';
import { byMobile, failureOf } from '../support';

const opened: number[] = [];
const openAll = (): void => {
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch {
    // No more of them.
  }
};

const main = async (): Promise<void> => {
  const before = createTenant({ demo: true });
  await byMobile(before, '13900002222'); // by now all code is loaded
  await before.close();
  openAll();
  const tenant = createTenant({ demo: true });
  const events: unknown[] = [];
  tenant.on('change', ({ event, state, code, tenant: label }) => events.push([event, state, code, label]));
  tenant.on('ready', () => events.push('ready'));
  const watched = new Promise<void>((resolve) => tenant.watch(() => resolve()));
  const failed = await failureOf(byMobile(tenant, '13800001111'));
  await watched;
  tenant.on('change', () => events.push('told late'));
  await Promise.resolve();
  opened.forEach(closeSync);
  console.log(JSON.stringify({ events, code: [failed.code, failed.system], state: tenant.condition().state }));
};

void main();
