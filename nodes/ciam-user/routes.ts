/** "Try it" in the dialog: one lookup with what is on screen, and what would enter the message. */
import { client } from '../shared/client';
import { asFailure } from '../shared/failure';
import { asText, dialogSettings, record } from '../ciam-tenant/dialog-values';
import type { NodeConfig, Red } from '../shared/red';
import { addTestRoute } from '../shared/routes';
import { type Answer, answersOf } from './answer';
import { answerOptions } from './options';
import { lookedUp } from './value';

/** Of a list with both outcomes the first output is shown. */
const shown = ({ lookup, good, bad }: Answer): object => ({
  output: good ? 1 : 2, payload: (good ?? bad)?.result, lookup, ...(bad?.error && { error: bad.error }),
});

const tried = async (red: Red, _id: string, body: unknown, signal: AbortSignal): Promise<object> => {
  const { tenant: tenantValues, user, value } = record(body);
  const config: NodeConfig = { ...record(user), id: '' };
  const source = { id: asText(record(user).id), type: 'ciam-user', name: asText(config.name) };
  try {
    const options = answerOptions(red, config);
    const answers = answersOf(red, options, source);
    const { by, readItem } = options;
    const { id, ...values } = record(tenantValues);
    // Like the deployed tenant, but nothing is remembered, and nothing done that the lookup does not need.
    const tenant = client().createTenant({ ...dialogSettings(red, asText(id), values), cacheTtl: 0, cacheMissTtl: 0, cacheStale: 0, warmUp: false });
    try {
      const asked = lookedUp(value, readItem);
      if ('value' in asked) return shown(answers.found(await tenant.lookup({ by, value: asked.value }, { signal }), tenant));
      return shown(await answers.list(await tenant.lookupList({ by, values: asked.values }, { signal }), asked.rows, tenant, signal));
    } finally {
      await tenant.close();
    }
  } catch (failure) {
    return shown(answersOf(red, answerOptions(red, { id: '' }), source).failed(asFailure(failure)));
  }
};

export const addRoutes = (red: Red): void => {
  addTestRoute(red, '/ciam-user/try', tried);
};
