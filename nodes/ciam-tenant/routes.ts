/** What dialogs and monitoring ask the runtime: to test a connection, live figures, and the figures of all tenants for Prometheus. */
import type { Availability, Check } from '../../src/node-api';
import { client } from '../shared/client';
import { failureObject } from '../shared/failure';
import type { Red } from '../shared/red';
import { addTestRoute } from '../shared/routes';
import type { TenantNode } from '../shared/tenant-link';
import { dialogSettings, record } from './dialog-values';
import { prometheusText } from './metrics';

const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';
/** So many characters of a client id tell apps apart; at least as many stay unsaid. */
const APP_END = 4;

const checked = async (red: Red, id: string, body: unknown, signal: AbortSignal): Promise<Check> => {
  const { checkSettings, LookupFailure, nothingChecked } = client();
  try {
    return await checkSettings(dialogSettings(red, id, record(body)), signal);
  } catch (failure) {
    if (!(failure instanceof LookupFailure)) throw failure;
    return { ...nothingChecked, error: failure };
  }
};

const test = async (red: Red, id: string, body: unknown, signal: AbortSignal): Promise<object> => {
  const { error, mobile, username, email, id: byId, ...rest } = await checked(red, id, body, signal);
  const shown = (availability: Availability): object => ({
    available: availability.available, ...(availability.error && { error: failureObject(red, availability.error) }),
  });
  return { ...rest, mobile: shown(mobile), username: shown(username), email: shown(email), id: shown(byId), ...(error && { error: failureObject(red, error) }) };
};

/** `running`: the tenants of this runtime that are deployed just now, those within subflows included. */
export const addRoutes = (red: Red, running: ReadonlySet<TenantNode>): void => {
  const mayRead = red.auth.needsPermission('ciam-tenant.read');

  addTestRoute(red, '/ciam-tenant/:id/test', test);

  red.httpAdmin.get('/ciam-tenant/metrics', mayRead, (_request, response) => {
    response.type(PROMETHEUS).send(prometheusText([...running].map(({ id, tenant }) => ({ id, stats: tenant.stats() }))));
  });

  red.httpAdmin.get('/ciam-tenant/:id/stats', mayRead, (request, response) => {
    const { id } = request.params;
    const [node] = [...running].filter((one) => one.id === id);
    // The editor knows the tenant of a subflow by the id that its template has.
    const instances = [...running].filter((one) => one._alias === id);
    if (node) response.json(node.tenant.stats());
    else if (instances.length > 0) response.json(instances.map(({ tenant }) => tenant.stats()));
    else response.sendStatus(404);
  });

  // Which app is stored, for whoever has several: the end of its client id, which is no secret to those who may see the tenant.
  red.httpAdmin.get('/ciam-tenant/:id/app', mayRead, (request, response) => {
    const { id } = request.params;
    const node = [...running].find((one) => one.id === id || one._alias === id);
    const clientId = (node?.credentials?.clientId ?? '').trim();
    response.json({ app: clientId.length > 2 * APP_END ? clientId.slice(-APP_END) : null });
  });
};
