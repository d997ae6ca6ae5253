/** The config node: one tenant, shared by all nodes that name it. */
import type { NodeTenant } from '../../src/node-api';
import { client } from '../shared/client';
import { asFailure, misconfiguredLine } from '../shared/failure';
import type { NodeConfig, Red, RedNode } from '../shared/red';
import type { TenantNode } from '../shared/tenant-link';
import { createLog } from './log';
import { addRoutes } from './routes';
import { tenantSettings } from './settings';

/** Settings that make no sense end every message in a `CIAM.CONFIG` failure. */
const openTenant = (red: Red, node: RedNode, config: NodeConfig): NodeTenant => {
  try {
    return client().createTenant(tenantSettings(red, config, node.credentials ?? {}));
  } catch (failure) {
    return client().failingTenant(asFailure(failure));
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
    const { state, cause } = tenant.condition();
    if (state === 'misconfigured' && cause) this.warn(misconfiguredLine(red, cause));
    const stopLog = tenant.on('change', createLog(red, this, () => tenant.condition()));
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
