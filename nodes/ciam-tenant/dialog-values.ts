/** The values of a tenant's dialog, deployed or not, as settings of the client. */
import type { TenantSettings } from '../../src/node-api';
import { client } from '../shared/client';
import type { Red } from '../shared/red';
import { tenantNode } from '../shared/tenant-link';
import { tenantSettings } from './settings';
import { configsById, substituter } from './variables';

export type Values = Record<string, unknown>;

export const record = (value: unknown): Values => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {});

/** What the editor sends for a secret that it does not know and that stays as it is. */
const STORED = '__PWRD__';

export const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The dialog's values over the deployed ones; without a dialog the deployed ones. Throws a `CIAM.CONFIG` failure. */
export const dialogSettings = (red: Red, id: string, { z, ...body }: Values): TenantSettings => {
  const configs = configsById(red);
  // The id comes from the browser: the secrets of other nodes are not ours to send.
  const isTenant = configs.get(id)?.type === 'ciam-tenant';
  const deployed = isTenant ? tenantNode(red, id) : null;
  const substituted = substituter(red, configs, asText(z), deployed);
  const ready = (values: Values): Values => Object.fromEntries(Object.entries(values).map(([name, value]) => {
    const found = substituted(value);
    if ('value' in found) return [name, found.value];
    throw client().configFailure(name, 'later', { variable: found.unknown });
  }));
  const given = ready(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined && value !== STORED)));
  // A tenant of a subflow runs once for each of its instances, under ids of their own; the template itself never runs.
  // The secrets of a deployed node have their variables put in already.
  const stored = deployed ? deployed.credentials : ready(isTenant ? record(red.nodes.getCredentials(id)) : {});
  return tenantSettings(red, { ...deployed?.properties, ...given }, { ...stored, ...given });
};
