/** The flows under measurement: each leads from a load node back to it. */
import type { FlowNode } from '../scripts/user-directory';
import { LOOKUP_PATH, TOKEN } from './wire';

export interface Origins {
  plain: string;
  tls?: string;
}

export interface FlowFile {
  flows: FlowNode[];
  credentials: Record<string, object>;
}

export const CONCURRENCY = 64;

const TAB = { id: 'bench', type: 'tab', label: 'bench' };

/** A loop of the given nodes and a load node, whose name is the loop's. */
const loop = (name: string, nodes: Record<string, unknown>[]): FlowNode[] => {
  const id = (index: number): string => (index === 0 ? `${name}-load` : `${name}-${index}`);
  const all: Record<string, unknown>[] = [{ type: 'bench-load', name }, ...nodes];
  return all.map((node, index) => ({ z: TAB.id, name: '', ...node, id: id(index), type: String(node['type']), wires: [[id((index + 1) % all.length)]] }));
};

/** Everything at its default but what the bench needs. */
const tenant = (id: string, domain: string, rest: object = {}): FlowNode => ({ id, type: 'ciam-tenant', name: '', domain, concurrency: CONCURRENCY, ...rest });
const lookup = (tenantId: string): Record<string, unknown> => ({ type: 'ciam-user', tenant: tenantId });

const code = (func: string, rest: object = {}): Record<string, unknown> => ({ type: 'function', func, outputs: 1, timeout: 0, noerr: 0, initialize: '', finalize: '', libs: [], ...rest });

/** What a builder writes without this package. The token is there already; somebody else renews it. */
const BUILD = `msg.headers = { Authorization: "Bearer " + flow.get("token"), "Content-Type": "application/json; charset=utf-8", Accept: "application/json" };
msg.payload = { mobile: msg.payload };
return msg;`;
const PICK = `if (msg.statusCode !== 200 || !msg.payload.user_id) {
    msg.error = msg.payload;
    msg.payload = msg.payload.error_code;
}
return msg;`;

const httpRequest = (origin: string, persist: boolean): Record<string, unknown>[] => [
  code(BUILD, { initialize: `flow.set("token", ${JSON.stringify(TOKEN)});` }),
  { type: 'http request', method: 'POST', ret: 'obj', paytoqs: 'ignore', url: origin + LOOKUP_PATH, tls: '', persist, proxy: '', insecureHTTPParser: false, authType: '', senderr: false, headers: [] },
  code(PICK),
];

const SPLIT = { type: 'split', splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len', stream: false, addname: '', property: 'payload' };
const JOIN = { type: 'join', mode: 'auto', build: 'array', property: 'payload', propertyType: 'msg', key: 'topic', joiner: '\\n', joinerType: 'str', accumulate: false, timeout: '', count: '', reduceRight: false };

const withCredentials = (tenants: FlowNode[]): FlowFile['credentials'] =>
  Object.fromEntries(tenants.map(({ id }) => [id, { clientId: 'bench', clientSecret: 'bench-secret' }]));

/** `ca`: path of the certificate that the TLS tenant's server shows. */
export const benchFlows = ({ plain, tls }: Origins, ca = ''): FlowFile => {
  const tenants = [
    tenant('tenant', plain), tenant('tenant-remembering', plain, { cacheTtl: 86_400 }), tenant('tenant-long-queue', plain, { queueLimit: 1_000_000 }),
    // For messages that wait until they are counted.
    tenant('tenant-patient', plain, { queueLimit: 1_000_000, timeout: 3600 }),
    ...(tls === undefined ? [] : [tenant('tenant-tls', tls, { tls: 'certificate' })]),
  ];
  const flows = [
    TAB, ...tenants,
    ...loop('pass', [{ type: 'bench-pass' }]),
    ...loop('ours', [lookup('tenant')]),
    ...loop('remembering', [lookup('tenant-remembering')]),
    ...loop('long queue', [lookup('tenant-long-queue')]),
    ...loop('patient', [lookup('tenant-patient')]),
    ...loop('core', httpRequest(plain, true)),
    // Without keep-alive the node uses the process's global agent, whose sockets can be limited.
    ...loop('core, global agent', httpRequest(plain, false)),
    ...loop('core list', [SPLIT, ...httpRequest(plain, true), JOIN]),
    ...(tls === undefined ? [] : [
      { id: 'certificate', type: 'tls-config', name: '', cert: '', key: '', ca, certname: '', keyname: '', caname: '', servername: '', verifyservercert: true },
      ...loop('ours tls', [lookup('tenant-tls')]),
    ]),
  ];
  return { flows, credentials: withCredentials(tenants) };
};
