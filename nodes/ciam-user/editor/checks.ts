/** Why a value of the lookup's dialog is refused. */
import { asText, current, holdsEnv, oneOf, type Check } from '../../shared/editor/form';
import { textsOf } from '../../shared/editor/texts';

const text = textsOf('ciam-user');

export const MODES = ['mobile', 'username', 'email', 'id', 'msg'] as const;

/** A tenant that is not properly configured fails every lookup: it is said here, where one looks for the cause. */
export const tenant: Check = (_node, given) => {
  if (holdsEnv(given)) return null;
  const chosen = RED.nodes.node(asText(given));
  if (!chosen) return text('error.no-tenant');
  return chosen['valid'] === false ? text('error.bad-tenant') : null;
};

export const by = oneOf(...MODES);

const typed = (value: string, type: string): string | null => {
  const verdict = RED.utils.validateTypedProperty(value, type, {});
  return verdict === true ? null : verdict;
};

/** A name, the heading of a column perhaps, or a path: `phone`, `Phone number`, `contact.mobile`, `numbers[0]`. Empty: the item itself. */
export const item: Check = (_node, given) => (holdsEnv(given) || !/^\S*[.[\]]\S*$/.test(asText(given)) ? null : typed(asText(given), 'msg'));

export const list = oneOf('split', 'together');
export const onFailure = oneOf('output', 'catch');

export const value: Check = (node, given) => {
  if (given === undefined) return null;
  const raw = asText(given);
  if (!raw.trim()) return text('error.empty');
  return typed(raw, asText(current(node, 'valueType')) || 'msg');
};

/** The node writes `msg.error` and `msg.lookup` itself, so a result there would be lost. */
export const output: Check = (_node, given) => {
  if (given === undefined) return null;
  const property = asText(given);
  if (!property.trim()) return text('error.empty');
  if (/^(msg\.)?(error|lookup)\b/.test(property)) return text('error.reserved');
  return typed(property, 'msg');
};

/** Names separated by commas, Chinese ones too; any other mark would become part of a name. */
export const fields: Check = (_node, given) => (/[;；、|/]/.test(asText(given)) && !holdsEnv(given) ? text('error.fields') : null);
