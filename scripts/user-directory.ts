/** What a user directory of Node-RED needs before it is started: the package, flows and credentials. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');

export interface FlowNode {
  id: string;
  type: string;
  /** As the editor sends them; never part of a flow file. */
  credentials?: Record<string, string> | undefined;
  [property: string]: unknown;
}
export type Credentials = Record<string, Record<string, string>>;

export const example = (file: string): FlowNode[] => JSON.parse(readFileSync(join(root, 'examples', file), 'utf8')) as FlowNode[];

/** This package as it is built, found as if it were installed. */
export const linkPackage = (userDir: string): void => {
  const scope = join(userDir, 'node_modules/@ciam-flows');
  mkdirSync(scope, { recursive: true });
  symlinkSync(root, join(scope, 'node-red-ciam'), 'junction');
};

/** The credentials of the MQTT examples as one types them into the dialogs: names of environment variables. */
export const mqttCredentials = (flow: FlowNode[]): Credentials =>
  Object.fromEntries(flow.flatMap(({ id, type }): [string, Record<string, string>][] => {
    if (type === 'mqtt-broker') return [[id, { user: '${CIAM_MQTT_USER}', password: '${CIAM_MQTT_PASSWORD}' }]];
    return type === 'ciam-tenant' ? [[id, { clientId: '${CIAM_CLIENT_ID}', clientSecret: '${CIAM_CLIENT_SECRET}' }]] : [];
  }));

export const writeFlow = (userDir: string, flow: FlowNode[], credentials: Credentials = {}): void => {
  writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flow));
  if (Object.keys(credentials).length > 0) writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials), { mode: 0o600 });
};
