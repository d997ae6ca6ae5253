/** "Try it" in the dialog: one lookup with what is on screen, and what would enter the message. */
import type { NodeTenant } from '../../src/node-api';
import { client } from '../shared/client';
import { dialogSettings, record, type Values } from '../ciam-tenant/dialog-values';
import type { NodeConfig, Red } from '../shared/red';
import { addTestRoute } from '../shared/routes';
import { type Answer, type Answers, answersOf } from './answer';
import { answerOptions, type AnswerOptions } from './options';
import { lookedUp } from './value';

const idOf = (values: Values): string => (typeof values.id === 'string' ? values.id : '');

/** Like the deployed tenant, but nothing is remembered, and nothing done that the lookup does not need. */
const open = (red: Red, { id, ...values }: Values): NodeTenant => {
  const settings = dialogSettings(red, idOf({ id }), values);
  return client().createTenant({ ...settings, cacheTtl: 0, cacheMissTtl: 0, cacheStale: 0, warmUp: false });
};

const lookUp = async (tenant: NodeTenant, { by, readItem }: AnswerOptions, answers: Answers, value: unknown, signal: AbortSignal): Promise<Answer> => {
  const asked = lookedUp(value, readItem);
  if ('rows' in asked) return answers.list(await tenant.lookupList({ by, values: asked.values }, { signal }), asked.rows, tenant, signal);
  return new Promise((resolve) => {
    tenant.ask({ by, value: asked.value }, signal, (failure, found) =>
      resolve(found ? answers.found(found, tenant) : answers.failed(failure ?? client().inputFailure('no-answer'))));
  });
};

/** Of a list with both outcomes the first output is shown. */
const shown = ({ lookup, good, bad }: Answer): object => ({
  output: good ? 1 : 2, payload: (good ?? bad)?.result, lookup, ...(bad?.error && { error: bad.error }),
});

const tried = async (red: Red, _id: string, body: unknown, signal: AbortSignal): Promise<object> => {
  const { tenant: tenantValues, user, value } = record(body);
  const config: NodeConfig = { ...record(user), id: '' };
  const source = { id: idOf(record(user)), type: 'ciam-user', name: typeof config.name === 'string' ? config.name : '' };
  try {
    const options = answerOptions(red, config);
    const tenant = open(red, record(tenantValues));
    try {
      return shown(await lookUp(tenant, options, answersOf(red, options, source), value, signal));
    } finally {
      await tenant.close();
    }
  } catch (failure) {
    if (!(failure instanceof client().LookupFailure)) throw failure;
    return shown(answersOf(red, answerOptions(red, { id: '' }), source).failed(failure));
  }
};

export const addRoutes = (red: Red): void => {
  addTestRoute(red, '/ciam-user/try', tried);
};
