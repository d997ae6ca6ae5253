/** The values of a tenant's dialog, deployed or not, as settings of the client. */
import type { TenantSettings } from '../../src/node-api';
import { client } from '../shared/client';
import type { Red } from '../shared/red';
import { type TenantNode, tenantNode } from '../shared/tenant-link';
import { SECRETS, tenantSettings } from './settings';
import { substituter } from './variables';

export type Values = Record<string, unknown>;

export const record = (value: unknown): Values => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {});

/** What the editor sends for a secret that it does not know and that stays as it is. */
const STORED = '__PWRD__';

/** The id comes from the browser: the secrets of other nodes are not ours to send. */
const isTenant = (red: Red, id: string): boolean => {
  let found = false;
  red.nodes.eachNode((config) => {
    found ||= config.id === id && config.type === 'ciam-tenant';
  });
  return found;
};

/** A tenant of a subflow runs once for each of its instances, under ids of their own; the template itself never runs. */
const storedCredentials = (red: Red, id: string, deployed: TenantNode | null): Values =>
  (isTenant(red, id) ? { ...record(red.nodes.getCredentials(id)), ...record(deployed?.credentials) } : {});

/** The dialog's values over the deployed ones; without a dialog the deployed ones. Throws a `CIAM.CONFIG` failure. */
export const dialogSettings = (red: Red, id: string, body: Values): TenantSettings => {
  const deployed = isTenant(red, id) ? tenantNode(red, id) : null;
  const substituted = substituter(red, typeof body.z === 'string' ? body.z : '', deployed);
  const ready = (values: Values): Values => Object.fromEntries(Object.entries(values).map(([name, value]) => {
    const found = substituted(value);
    if ('value' in found) return [name, found.value];
    throw client().configFailure(name, 'later', { variable: found.unknown });
  }));
  const isSecret = (name: string): boolean => SECRETS.some((secret) => secret === name);
  const given = Object.entries(body).filter(([, value]) => value !== undefined && value !== STORED);
  const values = ready(Object.fromEntries(given.filter(([name]) => name !== 'z' && !isSecret(name))));
  const secrets = ready(Object.fromEntries(given.filter(([name]) => isSecret(name))));
  const stored = storedCredentials(red, id, deployed);
  // Those of a deployed node have their variables put in already.
  return tenantSettings(red, { ...deployed?.properties, ...values }, { ...(deployed ? stored : ready(stored)), ...secrets }, client());
};
