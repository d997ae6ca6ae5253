/** One line in the log at each change of a tenant's state: host, code and what to do about it, never a value. In the runtime's language. */
import type { LookupFailure, NodeTenant, TenantEvent, TenantEventName, TenantListener } from '../../src/node-api';
import { CATALOGUE } from '../shared/catalogue';
import { failureObject, misconfiguredLine } from '../shared/failure';
import type { Red, RedNode } from '../shared/red';

const seconds = (ms: number): number => Math.max(0, Math.round(ms / 100) / 10);

/** What was refused: a certificate, by a proxy, the credentials, or by an answer that cannot be used or gives no access. */
const refusedBy = ({ code, category, adviceKey }: LookupFailure): string => {
  if (category === 'untrusted') return category;
  if (code === 'CIAM.NETWORK') return 'no-way';
  // The code does not say what is wrong with the answer.
  if (code === 'CIAM.RESPONSE') return 'unusable';
  return category === 'unauthorized' && adviceKey !== 'new-token' ? 'refused' : 'no-access';
};

const LEVELS: Partial<Record<TenantEventName, 'warn' | 'error'>> = { misconfigured: 'warn', unreachable: 'warn', paused: 'warn', failing: 'error', refused: 'error' };

/** `condition` is asked for what is behind an event. */
export const createLog = (red: Red, node: Pick<RedNode, 'log' | 'warn' | 'error'>, condition: NodeTenant['condition']): TenantListener => {
  /** When the present outage began, in milliseconds. */
  let awaySince: number | null = null;
  const text = (key: string, values: Record<string, string | number>): string => red._(`${CATALOGUE}ciam-tenant.log.${key}`, values).trimEnd();

  const lineOf = ({ event, tenant, code, since, heldMs, failed, count }: TenantEvent): string => {
    const { cause } = condition();
    if (event === 'misconfigured' && cause) return misconfiguredLine(red, cause);
    // An event that was held back for its count may be about a state that is over.
    const known = cause?.code === code ? cause.at(tenant) : null;
    const { system, ...told } = known ? failureObject(red, known) : { code: code ?? '', message: '', advice: '', system: undefined };
    const troubleMs = awaySince === null ? 0 : Date.parse(since) - awaySince;
    const line = text(event !== 'refused' ? event : known ? refusedBy(known) : 'no-access', {
      tenant, failed, message: told.message, advice: told.advice, code: system === undefined ? told.code : `${told.code}, ${system}`, seconds: seconds(event === 'recovered' ? troubleMs : heldMs),
    });
    return count === undefined ? line : `${line} ${text('again', { count })}`;
  };

  return (told) => {
    const { event, since, state } = told;
    const line = lineOf(told);
    if (event === 'unreachable' || event === 'failing') awaySince ??= Date.parse(since);
    else if (state === 'ready' || event === 'recovered') awaySince = null;
    node[LEVELS[event] ?? 'log'](line);
  };
};
