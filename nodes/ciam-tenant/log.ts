/** One line in the log at each change of a tenant's state: host and code, never a value. */
import type { TenantEvent, TenantListener } from '../../src/node-api';
import type { RedNode } from '../shared/red';

const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 100) / 10)} s`;
const lookups = (count: number): string => (count === 1 ? '1 lookup' : `${count} lookups`);

/** `troubleMs`: for how long the trouble had lasted that is over now. */
const lineOf = ({ event, tenant, code, heldMs, failed, count }: TenantEvent, troubleMs: number): string => {
  const because = code === null ? '' : ` (${code})`;
  const again = count === undefined ? '' : ` [${count} times since this was told last]`;
  const words = {
    ready: 'signed in',
    unreachable: `unreachable${because}: lookups wait`,
    failing: `still unreachable${because}: lookups fail from now on`,
    recovered: `recovered after ${seconds(troubleMs)}; failed meanwhile: ${lookups(failed)}`,
    paused: `asked for a pause of ${seconds(heldMs)}${because}: lookups wait`,
    resumed: 'takes calls again after its pause',
    refused: `refused the credentials or the certificate${because}: lookups fail`,
    accepted: 'accepted again',
    misconfigured: `misconfigured${because}`,
  }[event];
  return `Tenant ${tenant}: ${words}${again}.`;
};

export const logEvents = (node: Pick<RedNode, 'log' | 'warn' | 'error'>): TenantListener => {
  /** When the present outage began. */
  let awaySince: string | null = null;
  return (told) => {
    const { event, since, state } = told;
    const line = lineOf(told, awaySince === null ? 0 : Date.parse(since) - Date.parse(awaySince));
    if (event === 'unreachable' || event === 'failing') awaySince ??= since;
    else if (state === 'ready' || event === 'recovered') awaySince = null;
    if (event === 'failing' || event === 'refused') node.error(line);
    else if (event === 'unreachable' || event === 'paused' || event === 'misconfigured') node.warn(line);
    else node.log(line);
  };
};
