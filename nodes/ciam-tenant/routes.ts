/** What dialogs and monitoring ask the runtime: to test a connection, live figures, and the figures of all tenants for Prometheus. */
import type { Availability, Check } from '../../src/node-api';
import { client } from '../shared/client';
import { asFailure, failureObject } from '../shared/failure';
import type { Red } from '../shared/red';
import { addTestRoute } from '../shared/routes';
import type { TenantNode } from '../shared/tenant-link';
import { dialogSettings, record } from './dialog-values';
import { prometheusText } from './metrics';

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';
/** So many characters of a client id tell apps apart; at least as many stay unsaid. */
const APP_END = 4;

const checked = async (red: Red, id: string, body: unknown, signal: AbortSignal): Promise<Check> => {
  try {
    return await client().checkSettings(dialogSettings(red, id, record(body)), signal);
  } catch (failure) {
    return { ...client().nothingChecked, error: asFailure(failure) };
  }
};

const test = async (red: Red, id: string, body: unknown, signal: AbortSignal): Promise<object> => {
  const check = await checked(red, id, body, signal);
  const told = (part: Check | Availability): object => ({ ...part, ...(part.error && { error: failureObject(red, part.error) }) });
  return { ...told(check), ...Object.fromEntries(client().BY.map((by) => [by, told(check[by])])) };
};

/** `running`: the tenants of this runtime that are deployed just now, those within subflows included. */
export const addRoutes = (red: Red, running: ReadonlySet<TenantNode>): void => {
  const mayRead = red.auth.needsPermission('ciam-tenant.read');

  addTestRoute(red, '/ciam-tenant/:id/test', test);

  red.httpAdmin.get('/ciam-tenant/metrics', mayRead, (_request, response) => {
    response.type(PROMETHEUS).send(prometheusText([...running].map(({ id, tenant }) => ({ id, stats: tenant.stats() }))));
  });

  /** The editor knows the tenant of a subflow by the id that its template has. */
  const runningAs = (id: string | undefined): TenantNode[] => [...running].filter((one) => one.id === id || one._alias === id);

  red.httpAdmin.get('/ciam-tenant/:id/stats', mayRead, ({ params: { id } }, response) => {
    const found = runningAs(id);
    const stats = found.map(({ tenant }) => tenant.stats());
    if (found.length === 0) response.sendStatus(404);
    else response.json(found[0]?.id === id ? stats[0] : stats);
  });

  // Which app is stored, for whoever has several: the end of its client id, which is no secret to those who may see the tenant.
  red.httpAdmin.get('/ciam-tenant/:id/app', mayRead, ({ params: { id } }, response) => {
    const [node] = runningAs(id);
    const clientId = (node?.credentials?.clientId ?? '').trim();
    response.json({ app: clientId.length > 2 * APP_END ? clientId.slice(-APP_END) : null });
  });
};
