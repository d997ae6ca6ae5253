/** Why a value of the tenant's dialog is refused. The rules are the client's own. */
import { NUMBERS, TIMEZONE, domainUrl, numberWithin, type NumberName } from '../../../src/settings/schema';
import { current, holdsEnv, isAwaited, oneOf, type Check } from '../../shared/editor/form';
import { textsOf } from '../../shared/editor/texts';

const text = textsOf('ciam-tenant');

const isDemo = (node: EditorNode): boolean => current(node, 'demo') === true;

export const domain: Check = (node, value) => {
  if (isDemo(node) || holdsEnv(value) || isAwaited(node, 'domain')) return null;
  const url = domainUrl(typeof value === 'string' ? value : '');
  return typeof url === 'string' ? text(`error.domain-${url}`) : null;
};

export const auth = oneOf('client-credentials', 'token');
export const clientAuth = oneOf('basic', 'body');

/** A missing number means its default, as in flows written by hand. */
export const number = (name: NumberName): Check =>
  (_node, value) => {
    if (value === undefined || holdsEnv(value) || numberWithin(name, value) !== null) return null;
    const { min, max, whole } = NUMBERS[name];
    return text(whole ? 'error.whole-number' : 'error.number', { min, max });
  };

export const timezone: Check = (_node, value) =>
  (value === undefined || holdsEnv(value) || (typeof value === 'string' && TIMEZONE.test(value)) ? null : text('error.timezone'));

/** A credential is needed by one way of signing in only. A stored one arrives as `__PWRD__`. */
const credential = (name: string, way: 'client-credentials' | 'token', allowed: RegExp): Check =>
  (node, value) => {
    if (isAwaited(node, name) || isDemo(node) || (current(node, 'auth') ?? 'client-credentials') !== way) return null;
    const given = typeof value === 'string' ? value.trim() : '';
    // As it is often copied; the client takes it off too.
    const secret = way === 'token' ? given.replace(/^Bearer\s+/i, '') : given;
    if (!secret) return text('error.missing');
    return holdsEnv(secret) || allowed.test(secret) ? null : text('error.characters');
  };

export const token = credential('token', 'token', /^[!-~]+$/);
export const clientId = credential('clientId', 'client-credentials', /^\P{Cc}+$/u);
export const clientSecret = credential('clientSecret', 'client-credentials', /^\P{Cc}+$/u);
