/** Tells what a tenant is doing: its figures on request, each change of its state by itself. */
import type { NodeTenant, TenantCondition, TenantEvent, TenantState } from '../../src/node-api';
import { finish, sendBy, written } from '../shared/message';
import type { NodeConfig, Red, RedNode, Status } from '../shared/red';
import { limitedStatus } from '../shared/status';
import { linkTenant } from '../shared/tenant-link';

const LIGHTS: Record<TenantState, Pick<Status, 'fill' | 'shape'>> = {
  unknown: { fill: 'grey', shape: 'ring' },
  ready: { fill: 'green', shape: 'dot' },
  unreachable: { fill: 'yellow', shape: 'dot' },
  paused: { fill: 'yellow', shape: 'dot' },
  failing: { fill: 'red', shape: 'ring' },
  refused: { fill: 'red', shape: 'ring' },
  misconfigured: { fill: 'red', shape: 'ring' },
};

/** The package's name in front: without it a text is not translated within a subflow. */
const statusOf = ({ state, code, tenant }: TenantCondition): Status =>
  ({ ...LIGHTS[state], text: `@ciam-flows/node-red-ciam/ciam-status:ciam-status.status.${state}`, code, tenant });

interface Told extends Omit<TenantEvent, 'event'> {
  event: string;
}

const payloadOf = ({ event, state, tenant, code, since, heldMs, failed, count }: Told): object =>
  ({ event, state, tenant, code, since, heldMs, failed, ...(count !== undefined && { count }) });

export = (red: Red): void => {
  function CiamStatus(this: RedNode, config: NodeConfig): void {
    red.nodes.createNode(this, config);
    const tell = (told: Told): void => {
      try {
        this.send({ topic: told.event, payload: payloadOf(told) });
      } catch (error) {
        this.error(error instanceof Error ? error : String(error));
      }
    };
    /** Whose state has been told since it was found. */
    let told: NodeTenant | null = null;
    const link = linkTenant(red, config.tenant, {
      changed: () => status.changed(),
      event: tell,
      // Once, and again for a tenant that was missing until now. A state's first event bears its name.
      started: () => {
        const { tenant } = link;
        if (tenant === told) return;
        told = tenant;
        const condition = tenant.condition();
        tell({ event: condition.state, ...condition });
      },
    });
    const status = limitedStatus(this, () => statusOf(link.tenant.condition()));
    status.changed();

    this.on('input', (message, send, done) => {
      let error: Error | undefined;
      try {
        sendBy(this, send, 0, written(message, (target) => (target.payload = link.tenant.stats())));
      } catch {
        error = new Error('The message cannot be written or sent.');
      }
      finish(red, this, message, done, error);
    });

    this.on('close', (_removed, done) => {
      link.close();
      status.close();
      done();
    });
  }

  red.nodes.registerType('ciam-status', CiamStatus);
};
