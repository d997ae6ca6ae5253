/** The properties of a lookup node, checked. */
import type { NodeTenant, ShapedUser, User } from '../../src/node-api';
import { client } from '../shared/client';
import type { NodeConfig, Red, RedNode } from '../shared/red';
import { choice } from './choice';
import { itemReader, type ReadItem, type ReadValue, resultWriter, valueReader, type WriteResult } from './value';

/** How an outcome of the client becomes what a message carries. */
export interface AnswerOptions {
  by: unknown;
  toCatch: boolean;
  together: boolean;
  readItem: ReadItem | null;
  write: WriteResult;
  /** `null`: users stay as they are. */
  shape: ((user: User, tenant: Pick<NodeTenant, 'timezone'>) => ShapedUser) | null;
}

export interface Options extends AnswerOptions {
  read: ReadValue;
}

/** Throws a `CIAM.CONFIG` failure that names the property. */
export const answerOptions = (red: Red, config: NodeConfig): AnswerOptions => {
  const { checkedSwitch, configFailure, BY, fieldNames, keepFields, normalise } = client();
  const even = checkedSwitch('normalise', config.normalise);
  const { fields = '' } = config;
  const by = choice(config, 'by', ['msg', ...BY], 'mobile');
  const together = choice(config, 'list', ['split', 'together']) === 'together';
  const toCatch = choice(config, 'onFailure', ['output', 'catch']) === 'catch';
  if (typeof fields !== 'string') throw configFailure('fields', 'fields');
  const names = fieldNames(fields);
  return {
    by, toCatch, together, readItem: itemReader(red, config), write: resultWriter(red, config),
    shape: even || names.length > 0 ? (user, { timezone }) => keepFields(even ? normalise(user, timezone) : user, names) : null,
  };
};

export const readOptions = (red: Red, node: RedNode, config: NodeConfig): Options => ({ ...answerOptions(red, config), read: valueReader(red, node, config) });
