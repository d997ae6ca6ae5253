/** The examples that answer HTTP: an endpoint, a page for a help desk, health and metrics. */
import { expect } from 'chai';
import parse from 'parse-prometheus-text-format';
import { startSimulator, type Simulator } from '../../src/simulator/simulator';
import { example, nodeOf } from '../support/examples';
import { MAJORS, startNodeRed, type FlowNode, type NodeRed } from '../support/runtime';
import { answer, found, ScriptedTenant } from '../support/servers';

/** The example on a real address, with credentials that the tenant refuses. */
const refused = (flow: FlowNode[], domain: string): FlowNode[] =>
  flow.map((node) => (node.type === 'ciam-tenant' ? { ...node, demo: false, domain, credentials: { clientId: 'wrong', clientSecret: 'kept-to-itself' } } : node));

/** Example 12 on a real address with a timeout of 2 s, which its node "health" knows as a number of its own. */
const impatient = (flow: FlowNode[], domain: string): FlowNode[] => flow.map((node) => {
  if (node.type === 'ciam-tenant') return { ...node, demo: false, domain, timeout: 2, credentials: { clientId: 'an-app', clientSecret: 'kept-to-itself' } };
  return typeof node['func'] === 'string' ? { ...node, func: node['func'].replace('TIMEOUT_MS = 10000', 'TIMEOUT_MS = 2000') } : node;
});

/** Each sample that a parser of others finds, without the id of the node. */
const samplesOf = (text: string): string[] => parse(text).flatMap(({ name, type, metrics }) =>
  metrics.map(({ labels, ...sample }) => JSON.stringify({ name, type, labels: { ...labels, id: undefined }, ...sample })));

for (const major of MAJORS) {
  describe(`the examples on the web in Node-RED ${major}`, () => {
    let nodeRed: NodeRed;
    let simulator: Simulator;
    before(async () => {
      [nodeRed, simulator] = await Promise.all([startNodeRed({ major }), startSimulator()]);
    });
    after(() => Promise.all([nodeRed.stop(), simulator.close()]));

    describe('05 HTTP endpoint', () => {
      const flow = example('05-http-endpoint.json');
      before(() => nodeRed.deploy(flow));

      const get = async (query: string, init: RequestInit = {}): Promise<{ status: number; body: Record<string, unknown> }> => {
        const response = await fetch(`${nodeRed.url}ciam/user${query}`, init);
        expect(response.headers.get('cache-control')).to.equal('no-store');
        return { status: response.status, body: await response.json() as Record<string, unknown> };
      };

      it('answers 200 with the fields that the lookup keeps', async () => {
        expect(await get('?mobile=13800001111')).to.deep.equal({
          status: 200, body: { user_id: '20220126153857263-A04D-60E0D446C', user_name: 'zhangsan', name: '张三', disabled: false },
        });
        expect(await get('?username=lisi')).to.deep.include({ status: 200 }).and.have.nested.property('body.user_name', 'lisi');
      });

      it('answers JSON whatever is asked for, never a script that another page could run', async () => {
        for (const query of ['?mobile=13800001111&callback=steal', '?callback=steal', '?mobile=12345&callback=steal']) {
          const response = await fetch(`${nodeRed.url}ciam/user${query}`);
          expect(response.headers.get('content-type')).to.equal('application/json; charset=utf-8');
          expect(response.headers.get('x-content-type-options')).to.equal('nosniff');
          expect(JSON.parse(await response.text())).to.be.an('object');
        }
      });

      for (const [query, status, code] of [
        ['?mobile=13800000404', 404, 'IDAAS.TENANT.USER.0001'],
        ['?username=nobody', 404, 'USER.0001'],
        ['?mobile=12345', 400, 'IDAAS.TENANT.USER.0020'],
        ['?mobile=', 400, 'CIAM.INPUT'],
        ['', 400, 'CIAM.INPUT'],
        ['?mobile=13800001111&mobile=13800000404', 400, 'CIAM.INPUT'],
        ['?mobile=13800001111&username=lisi', 400, 'CIAM.INPUT'],
        ['?mobile[a]=1', 400, 'CIAM.INPUT'],
        ['?mobile=13800000503', 503, 'CIAM.HTTP.503'],
      ] as const) {
        it(`answers ${status} ${code} to ${query || 'no parameter'}`, async () => {
          const { status: answered, body } = await get(query);
          expect({ answered, code: body['code'] }).to.deep.equal({ answered: status, code });
          expect(body).to.have.all.keys('code', 'advice');
        });
      }

      it('answers 410 in place of 404 to a load balancer that asks for it', async () => {
        const headers = { 'x-not-found': '410' };
        expect(await get('?mobile=13800000404', { headers })).to.deep.include({ status: 410 }).and.have.nested.property('body.code', 'IDAAS.TENANT.USER.0001');
        expect(await get('?mobile=13800001111', { headers })).to.have.property('status', 200);
      });

      it('answers 503 to those who wait when the flow is deployed anew', async () => {
        const waiting = get('?mobile=13800000408');
        const id = nodeOf(flow, 'ciam-tenant').id;
        const inFlight = async (): Promise<unknown> => (await (await fetch(`${nodeRed.url}ciam-tenant/${id}/stats`)).json() as Record<string, unknown>)['inFlight'];
        while (await inFlight() !== 1);
        await nodeRed.deploy(flow, 'full');
        expect(await waiting).to.deep.include({ status: 503 }).and.have.nested.property('body.code', 'CIAM.CLOSED');
        expect(await get('?mobile=13800001111')).to.have.property('status', 200);
      });

      it('answers 502 when the credentials are refused, and nothing of them', async () => {
        await nodeRed.deploy(refused(flow, simulator.url));
        const { status, body } = await get('?mobile=13800001111');
        expect({ status, code: body['code'] }).to.deep.equal({ status: 502, code: 'invalid_client' });
        expect(JSON.stringify(body)).to.not.match(/wrong|kept-to-itself/);
      });
    });

    describe('07 help desk page', () => {
      const flow = example('07-help-desk-page.json');
      before(() => nodeRed.deploy(flow));

      const ask = async (body: unknown): Promise<{ status: number; body: unknown }> => {
        const response = await fetch(`${nodeRed.url}ciam/help-desk`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
        return { status: response.status, body: await response.json() };
      };

      it('serves a page that may load nothing from elsewhere', async () => {
        const response = await fetch(`${nodeRed.url}ciam/help-desk`);
        const page = await response.text();
        expect(response.headers.get('content-type')).to.equal('text/html; charset=utf-8');
        expect(response.headers.get('content-security-policy')).to.match(/^default-src 'none';.*connect-src 'self'/);
        expect(page).to.contain('Mobile number or username').and.contain('手机号或用户名');
        expect(page).to.not.match(/https?:\/\/|innerHTML|document\.write/);
      });

      it('answers a number and a name with the user', async () => {
        expect(await ask({ value: '138 0000 1111' })).to.deep.include({ status: 200 }).and.have.nested.property('body.user.name', '张三');
        expect(await ask({ value: '１３８００００１１１１' })).to.have.nested.property('body.user.name', '张三');
        expect(await ask({ value: 'lisi' })).to.have.deep.nested.property('body.user').that.includes({ user_name: 'lisi', disabled: true, locked: true });
      });

      for (const [value, status, code, category] of [
        ['13800000404', 404, 'IDAAS.TENANT.USER.0001', 'not-found'],
        ['nobody', 404, 'USER.0001', 'not-found'],
        ['12345', 400, 'IDAAS.TENANT.USER.0020', 'invalid-input'],
        ['', 400, 'CIAM.INPUT', 'invalid-input'],
        [null, 400, 'CIAM.INPUT', 'invalid-input'],
        [['13800001111', 'lisi'], 400, 'CIAM.INPUT', 'invalid-input'],
        [{ toString: 1 }, 400, 'CIAM.INPUT', 'invalid-input'],
        ['13800000503', 503, 'CIAM.HTTP.503', 'unavailable'],
      ] as const) {
        it(`answers ${status} ${code} to ${JSON.stringify(value)}`, async () => {
          expect(await ask({ value })).to.deep.equal({ status, body: { failure: { code, category } } });
        });
      }

      it('answers 502 when the credentials are refused, and nothing of them', async () => {
        await nodeRed.deploy(refused(flow, simulator.url));
        expect(await ask({ value: 'lisi' })).to.deep.equal({ status: 502, body: { failure: { code: 'invalid_client', category: 'unauthorized' } } });
      });
    });

    describe('12 health and metrics', () => {
      const flow = example('12-health-and-metrics.json');
      before(() => nodeRed.deploy(flow));

      const health = async (): Promise<{ status: number; body: Record<string, unknown> }> => {
        const response = await fetch(`${nodeRed.url}ciam/health`);
        expect(response.headers.get('cache-control')).to.equal('no-store');
        return { status: response.status, body: await response.json() as Record<string, unknown> };
      };

      it('is well before anybody has asked, and after', async () => {
        expect(await health()).to.deep.include({ status: 200 }).and.have.nested.property('body.ok', true);
        expect(await (await fetch(`${nodeRed.url}ciam/try?mobile=13800001111`)).text()).to.equal('found');
        expect(await health()).to.deep.include({ status: 200 }).and.have.nested.property('body.state', 'ready');
      });

      it('answers whoever gives several numbers once, as it does whoever gives none', async () => {
        const before = nodeRed.log().length;
        for (const query of ['', 'mobile=1&mobile=13800001111', 'mobile[]=13800001111&mobile[]=1', 'mobile[a]=13800001111']) {
          expect(await (await fetch(`${nodeRed.url}ciam/try?${query}`)).text(), query).to.equal('CIAM.INPUT');
        }
        expect(nodeRed.log().slice(before)).to.not.contain('[error]');
      });

      it('gives figures that Prometheus reads', async () => {
        expect(await (await fetch(`${nodeRed.url}ciam/try?mobile=13800000404`)).text()).to.equal('IDAAS.TENANT.USER.0001');
        expect(await (await fetch(`${nodeRed.url}ciam/try?mobile=12345`)).text()).to.equal('IDAAS.TENANT.USER.0020');
        const response = await fetch(`${nodeRed.url}ciam/metrics`);
        expect(response.headers.get('content-type')).to.match(/^text\/plain;.*version=0\.0\.4/);
        const text = await response.text();
        for (const line of text.trimEnd().split('\n')) expect(line).to.match(/^(# (HELP|TYPE) ciam_\w+ .+|ciam_\w+\{\w+="[^"]*"(,\w+="[^"]*")*\} [\d.e+-]+)$/);
        expect(text).to.contain('ciam_lookups_total{host="demo",result="not-found"} 1\n').and.contain('ciam_tenant_state{host="demo",state="ready"} 1\n');
        expect(text).to.contain('ciam_failures_total{host="demo",code="IDAAS.TENANT.USER.0020"} 1\n').and.match(/_bucket\{host="demo",le="\+Inf"\} 3\n/);
        // The same names, labels and values as at the editor's route, which has more.
        const route = await fetch(`${nodeRed.url}ciam-tenant/metrics`);
        expect(route.headers.get('content-type')).to.match(/^text\/plain;.*version=0\.0\.4/);
        expect(samplesOf(await route.text())).to.include.members(samplesOf(text));
      });

      it('answers 503 for credentials that are refused and a setting that makes no sense, and tells of them by itself', async () => {
        nodeRed.debug.length = 0;
        await nodeRed.deploy(refused(flow, simulator.url));
        expect(await (await fetch(`${nodeRed.url}ciam/try?mobile=13800001111`)).text()).to.equal('invalid_client');
        expect(await health()).to.deep.include({ status: 503 }).and.have.nested.property('body.state', 'refused');
        await nodeRed.until(() => nodeRed.debug.find(({ name, msg }) => name === 'alert' && /: refused \(invalid_client\)/.test(String(msg))), 'the alert');
        await nodeRed.deploy(refused(flow, 'no host'));
        expect(await health()).to.deep.include({ status: 503 }).and.have.nested.property('body.state', 'misconfigured');
      });

      describe('of a tenant in trouble', () => {
        let tenant: ScriptedTenant;
        before(async () => {
          tenant = await ScriptedTenant.start();
        });
        after(() => tenant.close());

        /** Asks until the state, or the status, is that one. */
        const healthOnce = async (wanted: unknown): Promise<Awaited<ReturnType<typeof health>>> => {
          for (;;) {
            const answered = await health();
            if (answered.body['state'] === wanted || answered.status === wanted) return answered;
          }
        };
        const tryOnce = async (): Promise<string> => await (await fetch(`${nodeRed.url}ciam/try?mobile=13800001111`)).text();

        it('answers 200 while lookups wait for it, 503 once they fail, 200 when it is back', async () => {
          tenant.onToken = (seen) => seen.socket.destroy();
          await nodeRed.deploy(impatient(flow, tenant.url));
          expect(await healthOnce('unreachable')).to.deep.include({ status: 200 }).and.have.nested.property('body.ok', true);
          expect(await healthOnce('failing')).to.deep.include({ status: 503 }).and.have.nested.property('body.ok', false);
          tenant.onToken = answer(200, { access_token: 'a-token', expires_in: 600 });
          expect(await healthOnce('ready')).to.deep.include({ status: 200 });
        });

        it('answers 503 at once for a pause that is longer than the timeout', async () => {
          tenant.onLookup = answer(429, '', { 'retry-after': '30' });
          expect(await tryOnce()).to.equal('CIAM.HTTP.429');
          expect(await health()).to.deep.include({ status: 503 }).and.have.nested.property('body.state', 'paused');
        });

        it('answers 200 for a short pause, and 503 when pause after pause takes longer than the timeout', async () => {
          await nodeRed.deploy(impatient(flow, tenant.url));
          tenant.onLookup = answer(503, '', { 'retry-after': '1' });
          const tried = tryOnce();
          expect(await healthOnce('paused')).to.deep.include({ status: 200 });
          expect(await tried).to.equal('CIAM.HTTP.503');
          const again = tryOnce();
          expect(await healthOnce(503)).to.have.nested.property('body.state', 'paused');
          tenant.onLookup = found;
          await again;
        });
      });
    });
  });
}
