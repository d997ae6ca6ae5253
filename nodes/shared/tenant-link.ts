/** The way from a node to its tenant: found as soon as there is one, and left alone again on close. */
import type { NodeTenant, TenantListener } from '../../src/node-api';
import { client } from './client';
import type { Red, RedNode } from './red';

/** The config node. */
export interface TenantNode extends RedNode {
  tenant: NodeTenant;
  /** As deployed, after substitution of environment variables. */
  properties: Record<string, unknown>;
  /** From then on every lookup ends in `CIAM.CLOSED`. */
  isClosed: boolean;
}

/** `null`: there is none of this id, it is disabled, or it has not started yet. */
export const tenantNode = (red: Red, id: unknown): TenantNode | null => {
  const node = typeof id === 'string' && id ? (red.nodes.getNode(id) as Partial<TenantNode> | null | undefined) : null;
  return node?.type === 'ciam-tenant' && node.tenant ? (node as TenantNode) : null;
};

export interface TenantUser {
  /** The tenant's condition is another one, or the tenant is. */
  changed: () => void;
  /** Each event of the tenant. */
  event?: TenantListener;
  /** The flows have started: what is missing now stays so until the next deployment. */
  started: () => void;
}

export interface TenantLink {
  /** One that fails every lookup as long as there is none. */
  readonly tenant: NodeTenant;
  readonly isMissing: boolean;
  close(): void;
}

interface Starts {
  listeners: Set<() => void>;
  /** The one listener of the runtime's events. */
  told: () => void;
}
const starts = new WeakMap<Red['events'], Starts>();

const startsOf = ({ events }: Red): Starts => {
  const known = starts.get(events);
  if (known) return known;
  const listeners = new Set<() => void>();
  const made = { listeners, told: () => [...listeners].forEach((listener) => listener()) };
  starts.set(events, made);
  events.on('flows:started', made.told);
  return made;
};

/** One listener for all nodes: more than ten of them would be taken for a leak. What comes back ends it. */
const onFlowsStarted = (red: Red, listener: () => void): (() => void) => {
  const { listeners, told } = startsOf(red);
  listeners.add(listener);
  return () => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    red.events.off('flows:started', told);
    starts.delete(red.events);
  };
};

/** A tenant that is deployed later, or stands on a tab that starts later, is asked for again while it is missing. */
export const linkTenant = (red: Red, id: unknown, { changed, event, started }: TenantUser): TenantLink => {
  const { failingTenant, configFailure } = client();
  const missing = failingTenant(configFailure('tenant', 'missing-tenant'));
  let current: TenantNode | null = null;
  let stop: (() => void)[] = [];
  let closed = false;

  const leave = (): void => {
    for (const end of stop) end();
    stop = [];
  };
  const find = (): NodeTenant => {
    if (closed || (current && !current.isClosed)) return current?.tenant ?? missing;
    const found = tenantNode(red, id);
    if (!found || found.isClosed) return current?.tenant ?? missing;
    leave();
    current = found;
    const { tenant } = found;
    stop.push(tenant.watch(changed));
    if (event) stop.push(tenant.on('change', event));
    tenant.warmUp();
    return tenant;
  };
  const forget = onFlowsStarted(red, () => {
    find();
    changed();
    started();
  });
  find();
  return {
    get tenant() {
      return find();
    },
    get isMissing() {
      return find() === missing;
    },
    close() {
      closed = true;
      forget();
      leave();
    },
  };
};
