/** Nothing of a credential, or of a token that it bought, is ever seen again: not in flows, messages, statuses, logs. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAJORS, startNodeRed, type FlowNode, type NodeRed } from '../support/runtime';
import { answer, found, inTurn, ScriptedTenant, type Script } from '../support/servers';

/** With characters that look different in a header, in a form, in a URL. */
const CLIENT_ID = 'id of+mine/7Q2W';
const CLIENT_SECRET = 'sécret & all=9Z8Y';
const FIXED_TOKEN = '-fixed.token~5T6R';
const GRANTED_TOKEN = '-granted.token~3E4D';

const encodings = (text: string): string[] => [
  text, encodeURIComponent(text), new URLSearchParams({ text }).toString().slice('text='.length),
  Buffer.from(text).toString('base64'), Buffer.from(text).toString('base64url'),
];
const SECRETS = [...new Set([CLIENT_ID, CLIENT_SECRET, FIXED_TOKEN, GRANTED_TOKEN, `${CLIENT_ID}:${CLIENT_SECRET}`,
  `${encodeURIComponent(CLIENT_ID)}:${encodeURIComponent(CLIENT_SECRET)}`].flatMap(encodings))];

const CREDENTIALS = { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, token: FIXED_TOKEN };
const IN_ENVIRONMENT = { clientId: '${TRY_ID}', clientSecret: '${TRY_SECRET}', token: '${TRY_TOKEN}' };
const ENVIRONMENT = { TRY_DOMAIN: '', TRY_ID: CLIENT_ID, TRY_SECRET: CLIENT_SECRET, TRY_TOKEN: FIXED_TOKEN };

const MODES = [
  { auth: 'client-credentials', clientAuth: 'basic' },
  { auth: 'client-credentials', clientAuth: 'body' },
  { auth: 'token' },
] as const;

/** On the canvas: Node-RED takes what has no place for a config node. */
const PLACE = { z: 'flow', x: 100, y: 100 };

/** An answer that repeats everything it was sent, as some gateways do. */
const echo: Script = (seen, response) =>
  answer(400, { error: 'invalid_token', error_description: `Access token expired:${String(seen.headers.authorization)} ${seen.body.toString()}` })(seen, response);
const echoOfToken: Script = (seen, response) =>
  answer(403, { error: 'access_denied', error_description: `${String(seen.headers.authorization)} ${decodeURIComponent(seen.body.toString().replaceAll('+', ' '))}` })(seen, response);

const flowOf = (mode: typeof MODES[number], domain: string, credentials: Record<string, string>): FlowNode[] => [
  { id: 'flow', type: 'tab', label: 'secrets' },
  { id: 'tenant', type: 'ciam-tenant', name: 'try', domain, ...mode, retries: 0, credentials },
  ...['output', 'catch'].flatMap((onFailure): FlowNode[] => [
    { id: `click-${onFailure}`, type: 'inject', ...PLACE, props: [{ p: 'payload' }], payload: `1380000000${onFailure.length}`, payloadType: 'str', wires: [[onFailure]] },
    { id: onFailure, type: 'ciam-user', ...PLACE, tenant: 'tenant', by: 'mobile', onFailure, outputs: onFailure === 'catch' ? 1 : 2, wires: [['debug'], ['debug']] },
  ]),
  { id: 'catch-all', type: 'catch', ...PLACE, scope: ['catch'], wires: [['debug']] },
  { id: 'debug', type: 'debug', ...PLACE, active: true, tosidebar: true, console: true, tostatus: true, complete: 'true', targetType: 'full', statusVal: '', statusType: 'auto', wires: [] },
];

for (const major of MAJORS) {
  describe(`secrets in Node-RED ${major}`, () => {
    let tenant: ScriptedTenant;
    let nodeRed: NodeRed;
    before(async () => {
      tenant = await ScriptedTenant.start();
      nodeRed = await startNodeRed({
        major, env: { ...ENVIRONMENT, TRY_DOMAIN: tenant.url }, settings: { logging: { console: { level: 'trace', metrics: true, audit: true } } },
      });
    });
    after(() => Promise.all([nodeRed.stop(), tenant.close()]));
    beforeEach(() => {
      nodeRed.debug.length = 0;
      tenant.onToken = answer(200, { access_token: GRANTED_TOKEN, token_type: 'bearer', expires_in: 1800 });
      tenant.onLookup = found;
    });

    const click = async (id: string): Promise<Record<string, unknown>> => {
      const before = nodeRed.debug.length;
      await nodeRed.inject(id);
      return await nodeRed.until(() => nodeRed.debug[before]?.msg as Record<string, unknown> | undefined, `a message after ${id}`);
    };

    /** All that Node-RED showed or stored, as one text; the encrypted credentials are Node-RED's own matter, in clear they are not. */
    const everything = async (): Promise<string> => [
      JSON.stringify(await nodeRed.flows()), ...['flows.json', 'flows_cred.json'].map((file) => readFileSync(join(nodeRed.userDir, file), 'utf8')),
      await (await fetch(`${nodeRed.url}credentials/ciam-tenant/tenant`)).text(), JSON.stringify([...nodeRed.status]), JSON.stringify(nodeRed.debug), nodeRed.log(),
    ].join('\n');

    const expectNoSecret = async (): Promise<void> => {
      const text = await everything();
      for (const secret of SECRETS) expect(text.includes(secret), `${secret} is to be seen`).to.equal(false);
    };

    for (const mode of MODES) {
      const name = Object.values(mode).join(', ');

      it(`${name}: stay out of what a lookup leaves behind`, async () => {
        await nodeRed.deploy(flowOf(mode, tenant.url, CREDENTIALS));
        expect(await click('click-output')).to.have.nested.property('payload.user_id', 'id of 13800000006');
        tenant.onLookup = echo;
        expect(await click('click-output')).to.have.nested.property('error.category', 'unauthorized');
        expect(await click('click-catch')).to.have.nested.property('error.code', 'invalid_token');
        // Refused credentials are not tried again for a while: a deployment forgets that.
        await nodeRed.deploy([]);
        await nodeRed.deploy(flowOf(mode, tenant.url, CREDENTIALS));
        tenant.onLookup = inTurn(answer(502, `<html>${GRANTED_TOKEN} ${FIXED_TOKEN}`), answer(302, '', { location: `https://example.com/?${CLIENT_SECRET.replace('é', 'e')}` }));
        expect(await click('click-output')).to.have.nested.property('error.code', 'CIAM.HTTP.502');
        expect(await click('click-catch')).to.have.nested.property('error.code', 'CIAM.RESPONSE');
        await expectNoSecret();
      });

      it(`${name}: come from the environment as well`, async () => {
        await nodeRed.deploy(flowOf(mode, '${TRY_DOMAIN}', IN_ENVIRONMENT));
        const { payload, lookup } = await click('click-output');
        expect(payload).to.have.property('user_id', 'id of 13800000006');
        expect(lookup).to.have.property('tenant', new URL(tenant.url).host);
        const sent = tenant.lookups.at(-1)?.headers.authorization;
        expect(sent).to.equal(`Bearer ${mode.auth === 'token' ? FIXED_TOKEN : GRANTED_TOKEN}`);
        await expectNoSecret();
      });
    }

    it('stay out of a refused token call that repeats them', async () => {
      tenant.onToken = echoOfToken;
      for (const mode of MODES.slice(0, 2)) {
        await nodeRed.deploy(flowOf(mode, tenant.url, CREDENTIALS));
        expect(await click('click-output')).to.have.nested.property('error.category', 'forbidden');
        expect(await click('click-catch')).to.have.nested.property('error.code', 'access_denied');
      }
      await expectNoSecret();
    });
  });
}
