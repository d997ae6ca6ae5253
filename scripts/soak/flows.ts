/** What Node-RED runs during the soak: two troubled tenants, lookups of every kind, and senders that never rest. */
import type { FlowNode } from '../../test/support/runtime';
import { PROXY_PASSWORD, type Troubled } from './faults';

export const SECRET = 'the-soak-client-secret';
const PLACE = { z: 'tab', x: 100, y: 100 };

/** Names of nodes: another name is a change, and what is changed is redeployed. */
export type Versions = Partial<Record<'plain' | 'secure' | 'mobile' | 'names', string>>;

/** A bit of everything that a flow may send, good and bad; ten messages at most. */
const SENDER = `
const any = (list) => list[Math.floor(Math.random() * list.length)];
const number = () => String(13800000000 + Math.floor(Math.random() * 400));
const odd = () => any([null, '', '  ', {}, [], true, -1, 1.5, 'x'.repeat(300), 'a\\u0000b', Buffer.from([0xff]), '\\u200b', '+86 138-0000 0001', 138000, Buffer.from('zhangsan')]);
const many = () => Array.from({ length: Math.floor(Math.random() * 40) }, () => (Math.random() < 0.1 ? odd() : number()));
for (let sent = Math.random() * 10; sent > 0; sent--) {
  const chance = Math.random();
  node.send({ payload: chance < 0.85 ? number() : chance < 0.97 ? odd() : many(), by: any(['mobile', 'username', 'email', 'id', 'nothing']) });
}`;

const chain = (name: string, lookup: object, loud: boolean): FlowNode[] => [
  { id: `go ${name}`, type: 'inject', ...PLACE, props: [], repeat: loud ? '0.05' : '', once: false, wires: [[`send ${name}`]] },
  { id: `send ${name}`, type: 'function', ...PLACE, func: SENDER, outputs: 1, wires: [[`user ${name}`]] },
  { id: `user ${name}`, type: 'ciam-user', ...PLACE, name: '', wires: [['found'], ['failed']], ...lookup },
];

/** Kept apart from the flows: a node that is deployed with credentials counts as changed. */
export const soakCredentials = ({ authority }: Troubled): Record<string, Record<string, string>> => {
  const [username = '', password = ''] = PROXY_PASSWORD.split(':');
  const client = { clientId: 'soak-client', clientSecret: SECRET };
  return { plain: client, secure: client, tls: { cadata: authority.cert }, proxy: { username, password } };
};

export const soakFlows = ({ network, secure, proxy }: Troubled, versions: Versions, loud: boolean): FlowNode[] => [
  { id: 'tab', type: 'tab', label: 'Soak' },
  {
    id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', certname: '', keyname: '', caname: '', servername: '', verifyservercert: true, alpnprotocol: '',
  },
  { id: 'proxy', type: 'http proxy', name: '', url: proxy.url, noproxy: [] },
  {
    id: 'plain', type: 'ciam-tenant', name: versions.plain ?? '', domain: network.url, clientAuth: 'body', timeout: 1, concurrency: 8, queueLimit: 1000,
    cacheTtl: 0.5, cacheMissTtl: 0.5, cacheSize: 100,
  },
  {
    id: 'secure', type: 'ciam-tenant', name: versions.secure ?? '', domain: `localhost:${secure.port}`, tls: 'tls', proxy: 'proxy', timeout: 1.5, queueTimeout: 2, retries: 3,
    concurrency: 8, queueLimit: 1000, rateLimit: 300,
  },
  ...chain('mobile', { tenant: 'plain', by: 'mobile', name: versions.mobile ?? '' }, loud),
  ...chain('names', { tenant: 'secure', by: 'username', value: '$type(payload) = "string" ? "name " & payload : payload', valueType: 'jsonata', name: versions.names ?? '', normalise: true }, loud),
  ...chain('any', { tenant: 'plain', by: 'msg', onFailure: 'catch', wires: [['found']] }, loud),
  ...chain('secure', { tenant: 'secure', by: 'mobile', fields: 'user_id' }, loud),
  { id: 'catch', type: 'catch', ...PLACE, scope: null, wires: [['failed']] },
  ...['found', 'failed'].map((id): FlowNode => ({ id, type: 'function', ...PLACE, func: '', outputs: 1, wires: [[]] })),
];
