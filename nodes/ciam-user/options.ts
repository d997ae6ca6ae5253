/** The properties of a lookup node, checked. */
import type { NodeTenant, ShapedUser, User } from '../../src/node-api';
import { client } from '../shared/client';
import type { NodeConfig, Red, RedNode } from '../shared/red';
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
  const { checkedSwitch, configFailure, isBy, BY, fieldNames, keepFields, normalise } = client();
  const { by = 'mobile', list = 'split', onFailure = 'output', fields = '' } = config;
  const even = checkedSwitch('normalise', config.normalise);
  if (by !== 'msg' && !isBy(by)) throw configFailure('by', 'choice', { choices: ['msg', ...BY].join(', ') });
  if (list !== 'split' && list !== 'together') throw configFailure('list', 'choice', { choices: 'split, together' });
  if (onFailure !== 'output' && onFailure !== 'catch') throw configFailure('onFailure', 'choice', { choices: 'output, catch' });
  if (typeof fields !== 'string') throw configFailure('fields', 'fields');
  const names = fieldNames(fields);
  return {
    by, toCatch: onFailure === 'catch', together: list === 'together',
    readItem: itemReader(red, config, client()), write: resultWriter(red, config, client()),
    shape: even || names.length > 0 ? (user, { timezone }) => keepFields(even ? normalise(user, timezone) : user, names) : null,
  };
};

export const readOptions = (red: Red, node: RedNode, config: NodeConfig): Options => ({ ...answerOptions(red, config), read: valueReader(red, node, config, client()) });
