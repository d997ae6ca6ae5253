/** The config node: one tenant, shared by all nodes that name it. */
import type { NodeTenant } from '../../src/node-api';
import { client } from '../shared/client';
import { failureObject } from '../shared/failure';
import type { NodeConfig, Red, RedNode } from '../shared/red';
import type { TenantNode } from '../shared/tenant-link';
import { logEvents } from './log';
import { addRoutes } from './routes';
import { tenantSettings } from './settings';

/** Settings that make no sense end every message in a `CIAM.CONFIG` failure, and are told once at deploy. */
const openTenant = (red: Red, node: RedNode, config: NodeConfig): NodeTenant => {
  const { createTenant, LookupFailure, unusableTenant } = client();
  try {
    return createTenant(tenantSettings(red, config, node.credentials ?? {}, client()));
  } catch (failure) {
    if (!(failure instanceof LookupFailure)) throw failure;
    node.warn(`${failureObject(red, failure).message} (${failure.code})`);
    return unusableTenant(failure);
  }
};

export = (red: Red): void => {
  /** Deployed just now, those within subflows included: Node-RED lists templates only. */
  const running = new Set<TenantNode>();

  function CiamTenant(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    const tenant = openTenant(red, this, config);
    const self = Object.assign(this as TenantNode, { tenant, properties: config, isClosed: false });
    running.add(self);
    const stopLog = tenant.on('change', logEvents(this));
    this.on('close', (_removed, done) => {
      self.isClosed = true;
      running.delete(self);
      stopLog();
      tenant.close().catch((error: unknown) => this.warn(String(error))).finally(done);
    });
  }

  red.nodes.registerType('ciam-tenant', CiamTenant, {
    credentials: { token: { type: 'password' }, clientId: { type: 'password' }, clientSecret: { type: 'password' } },
  });
  addRoutes(red, running);
};
