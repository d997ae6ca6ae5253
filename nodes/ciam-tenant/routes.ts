/** What the dialog asks the runtime: to test a connection, and for live figures. */
import type { NodeTenant as Tenant } from '../../src/node-api';
import { failureObject } from '../shared/failure';
import type { Red, RedNode } from '../shared/red';
import { tenantSettings } from './settings';

const client = () => require('../../src/node-api') as typeof import('../../src/node-api');

export interface TenantNode extends RedNode {
  tenant: Tenant;
  /** As deployed, after substitution of environment variables. */
  properties: Record<string, unknown>;
}

/** What the editor sends for a secret that it does not know and that stays as it is. */
const STORED = '__PWRD__';

/** So many characters of a client id tell apps apart; at least as many stay unsaid. */
const APP_END = 4;

type Values = Record<string, unknown>;

const record = (value: unknown): Values => (typeof value === 'object' && value !== null ? (value as Values) : {});

/** Values of a dialog are not deployed yet: their environment variables are put in here as the runtime does it, whole values only. */
const substituted = (red: Red, value: unknown, node: RedNode | undefined): unknown => {
  if (typeof value !== 'string' || !/^\$\{[^}]+\}$/.test(value)) return value;
  let result: unknown = '';
  red.util.evaluateNodeProperty(value, 'env', node, {}, (_error, found) => (result = found));
  return result === '' ? value : result;
};

/** The id comes from the browser: the secrets of other nodes are not ours to send. */
const isTenant = (red: Red, id: string): boolean => {
  let found = false;
  red.nodes.eachNode((config) => {
    found ||= config.id === id && config.type === 'ciam-tenant';
  });
  return found;
};

/** The dialog's values over the deployed ones; without a dialog the deployed ones. */
const testedSettings = (red: Red, id: string, body: Values) => {
  const known = isTenant(red, id);
  const deployed = known ? (red.nodes.getNode(id) as TenantNode | null | undefined) : null;
  const node = deployed ?? undefined;
  const own = (values: Values): Values => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, substituted(red, value, node)]));
  // Those of a deployed node have their variables put in already.
  const stored = known ? { ...own(record(red.nodes.getCredentials(id))), ...record(deployed?.credentials) } : {};
  const given = own(body);
  const credential = (name: string): unknown => (given[name] === undefined || given[name] === STORED ? stored[name] : given[name]);
  const credentials = { token: credential('token'), clientId: credential('clientId'), clientSecret: credential('clientSecret') };
  return tenantSettings(red, { ...deployed?.properties, ...given }, credentials, client());
};

const test = async (red: Red, id: string, body: Values, signal: AbortSignal): Promise<object> => {
  const { checkSettings, LookupFailure, unusableTenant } = client();
  const check = await checkSettings(testedSettings(red, id, body), signal).catch((failure: unknown) => {
    if (!(failure instanceof LookupFailure)) throw failure;
    return unusableTenant(failure).check();
  });
  const shown = (availability: typeof check.mobile): object => ({
    available: availability.available, ...(availability.error && { error: failureObject(red, availability.error) }),
  });
  const { error, mobile, username, ...rest } = check;
  return { ...rest, mobile: shown(mobile), username: shown(username), ...(error && { error: failureObject(red, error) }) };
};

export const addRoutes = (red: Red): void => {
  red.httpAdmin.post('/ciam-tenant/:id/test', red.auth.needsPermission('ciam-tenant.write'), (request, response, next) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    test(red, request.params.id ?? '', record(request.body), gone.signal)
      .then((result) => {
        if (!gone.signal.aborted) response.json(result);
      })
      .catch(next);
  });

  red.httpAdmin.get('/ciam-tenant/:id/stats', red.auth.needsPermission('ciam-tenant.read'), (request, response) => {
    const node = red.nodes.getNode(request.params.id ?? '') as Partial<TenantNode> | null | undefined;
    if (node?.type === 'ciam-tenant' && node.tenant) response.json(node.tenant.stats());
    else response.sendStatus(404);
  });

  // Which app is stored, for whoever has several: the end of its client id, which is no secret to those who may see the tenant.
  red.httpAdmin.get('/ciam-tenant/:id/app', red.auth.needsPermission('ciam-tenant.read'), (request, response) => {
    const node = red.nodes.getNode(request.params.id ?? '') as Partial<TenantNode> | null | undefined;
    const clientId = node?.type === 'ciam-tenant' ? (node.credentials?.clientId ?? '').trim() : '';
    response.json({ app: clientId.length > 2 * APP_END ? clientId.slice(-APP_END) : null });
  });
};
