/** The flows under measurement: each leads from a load node back to it. */
import type { FlowNode } from '../scripts/user-directory';
import { LOOKUP_PATH, TOKEN } from './wire';

export interface Origins {
  plain: string;
  tls?: string;
  /** With long answers. */
  large?: string;
  /** Whose tokens live for a moment at first. */
  renewing?: string;
}

export interface FlowFile {
  flows: FlowNode[];
  credentials: Record<string, object>;
}

export const CONCURRENCY = 64;

const TAB = { id: 'bench', type: 'tab', label: 'bench' };

/** A loop of the given nodes and a load node, whose name is the loop's. `skip`: so many nodes are passed over by a node's second output. */
const loop = (name: string, nodes: { skip?: number; [property: string]: unknown }[]): FlowNode[] => {
  const id = (index: number): string => (index === 0 ? `${name}-load` : `${name}-${index}`);
  const all: typeof nodes = [{ type: 'bench-load', name }, ...nodes];
  const wire = (index: number): string[] => [id(index % all.length)];
  return all.map(({ skip, ...node }, index) => ({
    z: TAB.id, name: '', ...node, id: id(index), type: String(node['type']), wires: [wire(index + 1), ...(skip === undefined ? [] : [wire(index + 1 + skip)])],
  }));
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

const post = (url: string, persist: boolean, tls = ''): Record<string, unknown> =>
  ({ type: 'http request', method: 'POST', ret: 'obj', paytoqs: 'ignore', url, tls, persist, proxy: '', insecureHTTPParser: false, authType: '', senderr: false, headers: [] });

const httpRequest = (origin: string, persist: boolean): Record<string, unknown>[] => [
  code(BUILD, { initialize: `flow.set("token", ${JSON.stringify(TOKEN)});` }), post(origin + LOOKUP_PATH, persist), code(PICK),
];

/** The same with the token call, and the token kept for as long as it lives. */
const ASK_TOKEN = `msg.mobile = msg.payload;
if (flow.get("expiresAt") > Date.now()) return [null, msg];
msg.headers = { Authorization: "Basic " + Buffer.from("bench:bench-secret").toString("base64"), "Content-Type": "application/x-www-form-urlencoded" };
msg.payload = "grant_type=client_credentials";
return [msg, null];`;
const KEEP_TOKEN = `flow.set("token", msg.payload.access_token);
flow.set("expiresAt", Date.now() + msg.payload.expires_in * 1000);
msg.payload = msg.mobile;
return msg;`;

const SPLIT = { type: 'split', splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len', stream: false, addname: '', property: 'payload' };
const JOIN = { type: 'join', mode: 'auto', build: 'array', property: 'payload', propertyType: 'msg', key: 'topic', joiner: '\\n', joinerType: 'str', accumulate: false, timeout: '', count: '', reduceRight: false };

const CREDENTIALS = { clientId: 'bench', clientSecret: 'bench-secret' };

const withCredentials = (tenants: FlowNode[]): FlowFile['credentials'] =>
  Object.fromEntries(tenants.map(({ id }) => [id, CREDENTIALS]));

/** `ca`: path of the certificate that a server shows. */
const certificate = (ca: string): FlowNode =>
  ({ id: 'certificate', type: 'tls-config', name: '', cert: '', key: '', ca, certname: '', keyname: '', caname: '', servername: '', verifyservercert: true });

/** Two ways to look up users at a tenant far away, each deployed alone. */
export const farFlows = (origin: string, ca: string): Record<'ours' | 'core', FlowNode[]> => ({
  ours: [TAB, certificate(ca), { ...tenant('tenant-far', origin, { tls: 'certificate' }), credentials: CREDENTIALS }, ...loop('ours', [lookup('tenant-far')])],
  core: [TAB, certificate(ca), ...loop('core', [
    { ...code(ASK_TOKEN, { outputs: 2, initialize: 'flow.set("expiresAt", 0);' }), skip: 2 },
    post(`${origin}/api/v2/tenant/token`, true, 'certificate'), code(KEEP_TOKEN),
    code(BUILD), post(origin + LOOKUP_PATH, true, 'certificate'), code(PICK),
  ])],
});

export const benchFlows = ({ plain, tls, large, renewing }: Origins, ca = ''): FlowFile => {
  const tenants = [
    tenant('tenant', plain), tenant('tenant-remembering', plain, { cacheTtl: 86_400 }), tenant('tenant-long-queue', plain, { queueLimit: 1_000_000 }),
    // For messages that wait until they are counted.
    tenant('tenant-patient', plain, { queueLimit: 1_000_000, timeout: 3600 }),
    ...(tls === undefined ? [] : [tenant('tenant-tls', tls, { tls: 'certificate' })]),
    ...(large === undefined ? [] : [tenant('tenant-large', large)]),
    ...(renewing === undefined ? [] : [tenant('tenant-renewing', renewing)]),
  ];
  const flows = [
    TAB, ...tenants,
    ...loop('pass', [{ type: 'bench-pass' }]),
    ...loop('fill', [{ type: 'bench-fill' }]),
    ...loop('bare', [{ type: 'bench-bare', name: 'plain' }]),
    ...loop('ours', [lookup('tenant')]),
    ...loop('remembering', [lookup('tenant-remembering')]),
    ...loop('long queue', [lookup('tenant-long-queue')]),
    ...loop('patient', [lookup('tenant-patient')]),
    ...loop('core', httpRequest(plain, true)),
    // Without keep-alive the node uses the process's global agent, whose sockets can be limited.
    ...loop('core, global agent', httpRequest(plain, false)),
    ...loop('core list', [SPLIT, ...httpRequest(plain, true), JOIN]),
    ...(tls === undefined ? [] : [certificate(ca), ...loop('ours tls', [lookup('tenant-tls')]), ...loop('bare tls', [{ type: 'bench-bare', name: 'tls' }])]),
    ...(large === undefined ? [] : [...loop('ours large', [lookup('tenant-large')]), ...loop('bare large', [{ type: 'bench-bare', name: 'large' }])]),
    ...(renewing === undefined ? [] : loop('renewing', [lookup('tenant-renewing')])),
  ];
  return { flows, credentials: withCredentials(tenants) };
};
