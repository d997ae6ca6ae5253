/** What kinds of failures there are, and what to do about each: shared by the client and by the dialog that tests a connection. */

export const CATEGORIES = [
  'not-found', 'invalid-input', 'unauthorized', 'forbidden', 'rate-limited', 'overloaded', 'unavailable',
  'timeout', 'untrusted', 'bad-response', 'rejected', 'config', 'cancelled',
] as const;
export type Category = (typeof CATEGORIES)[number];

/** `cause.code` of a refused proxy password, which no retry mends. */
export const PROXY_AUTHENTICATION = 'PROXY_AUTHENTICATION_REQUIRED';

const PREFIX = 'IDAAS.TENANT.';
/** A tenant's code without the prefix that some tenants put before it. */
export const bareCode = (code: string): string => (code.startsWith(PREFIX) ? code.slice(PREFIX.length) : code);

/** Advice that fits a code better than its category's; keys of the catalogues under `advice`. */
const CODE_ADVICE: Readonly<Record<string, AdviceKey>> = {
  'USER.0020': 'mobile-rule',
  'USER.0038': 'mobile-rule',
  'MOBILE.0002': 'dialling-code',
  invalid_client: 'client-credentials',
  'APP.0001': 'app',
  'APP.0002': 'app',
  'APP.0003': 'app',
  'CIAM.LIST': 'list',
  'CIAM.CIRCUIT': 'circuit',
  'CIAM.HTTP.404': 'not-served',
};

/** English advice by key. The catalogues `nodes/ciam-user/locales/*` hold the same keys; a test compares them. */
export const ADVICE = {
  'not-found': 'Check that this user exists in the tenant, in the form the tenant stores it.',
  'invalid-input': 'Check the value that is looked up: a mobile number, username, email or user ID, as text.',
  'mobile-rule': 'Write the number as the tenant expects it, for example 13800001111 or +86-13800001111; the rule is in the admin portal under Users > User Attribute Definition.',
  'dialling-code': 'Allow this dialling code in the admin portal under Enterprise Configuration > International Dialing Code Configuration, or look up another number.',
  'unauthorized': 'Check the token, or the client id and secret, in the tenant node; a token may have expired.',
  'client-credentials': 'Check the client id and client secret in the tenant node against the admin portal.',
  'forbidden': 'Grant the user query API to this app in the admin portal.',
  'app': 'Check in the admin portal that the app exists and is enabled.',
  'rate-limited': 'Send fewer lookups: set a rate limit in the tenant node, or try again later.',
  'overloaded': 'Slow the messages down, or raise the queue limit in the tenant node.',
  'unavailable': 'Try again later; check the domain, the proxy and the network if it stays so.',
  'circuit': 'Wait: the tenant is asked again by itself, at most 30 seconds later. Check the domain and the network if it stays so.',
  'timeout': 'Try again later, or raise the timeout in the tenant node.',
  'untrusted': 'Check the domain; for a certificate of your own authority, choose a TLS node that knows it.',
  'bad-response': 'Check the domain: something other than the tenant seems to answer, such as a proxy or a login page.',
  'not-served': 'Check the domain, and whether this tenant offers this kind of lookup.',
  'proxy-password': 'Check the user name and password in the proxy node.',
  'rejected': 'Look up the code in the documentation of the tenant.',
  'list': 'See the failures of the list, one by one, in the message.',
  'config': 'Correct the property that the message names, in the tenant node or in the lookup node.',
  'cancelled': 'Send the message again: the flow was restarted meanwhile.',
} as const;
export type AdviceKey = keyof typeof ADVICE;

/** The catalogue key of the advice for a failure. */
export const adviceKey = (code: string, category: Category, cause?: { code: string }): AdviceKey =>
  (cause?.code === PROXY_AUTHENTICATION ? 'proxy-password' : CODE_ADVICE[bareCode(code)]) ?? category;
