/** Tells what a tenant is doing: its figures on request, each change of its state by itself. */
import type { NodeCondition, NodeTenant, TenantEvent, TenantState } from '../../src/node-api';
import { CATALOGUE } from '../shared/catalogue';
import { asError, checkWritten, finish, sendBy, written } from '../shared/message';
import type { NodeConfig, Red, RedNode, Status } from '../shared/red';
import { limitedStatus, wordsOf } from '../shared/status';
import { linkTenant } from '../shared/tenant-link';

type Light = Pick<Status, 'fill' | 'shape'>;
const AWAY: Light = { fill: 'yellow', shape: 'dot' };
const BROKEN: Light = { fill: 'red', shape: 'ring' };
const LIGHTS: Record<TenantState, Light> = {
  unknown: { fill: 'grey', shape: 'ring' }, ready: { fill: 'green', shape: 'dot' }, unreachable: AWAY, paused: AWAY, failing: BROKEN, refused: BROKEN, misconfigured: BROKEN,
};

/** What refuses, and what makes no sense, differs from cause to cause: the words are those that a lookup ends in. */
const statusOf = ({ state, code, tenant, cause }: NodeCondition): Status => {
  const words = cause && (state === 'refused' || state === 'misconfigured') ? wordsOf(cause) : `${CATALOGUE}ciam-status.status.${state}`;
  return { ...LIGHTS[state], text: words, code, tenant };
};

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
        this.error(asError(error));
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
      let out = message;
      let error: Error | undefined;
      try {
        const stats = link.tenant.stats();
        out = written(red, message, (target) => {
          target.payload = stats;
          checkWritten(target.payload, stats);
        });
        sendBy(this, send, 0, out);
      } catch {
        error = new Error('The message cannot be written or sent.');
      }
      finish(red, this, message, out, done, error);
    });

    this.on('close', (_removed, done) => {
      link.close();
      status.close();
      done();
    });
  }

  red.nodes.registerType('ciam-status', CiamStatus);
};
