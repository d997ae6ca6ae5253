import { expect } from 'chai';
import type { Simulator } from '../../../src/simulator/simulator';
import { type Reply, lookUp, newToken, start, stopAll } from './support';

describe('demo tenant: numbers with one trouble each time', () => {
  let simulator: Simulator;
  let now: number;
  const mobile = (number: string, token: string): Promise<Reply> => lookUp(simulator, token, 'mobile', { mobile: number });
  const statuses = async (number: string, tokens: string[]): Promise<number[]> => {
    const seen: number[] = [];
    for (const token of tokens) seen.push((await mobile(number, token)).status);
    return seen;
  };

  beforeEach(async () => {
    now = 1_700_000_000_000;
    simulator = await start({ clock: () => now });
  });
  afterEach(stopAll);

  it('429 asks for one second, then the user is found, and again', async () => {
    const token = await newToken(simulator);
    const first = await mobile('13800000429', token);
    expect(first.status).to.equal(429);
    expect(first.headers['retry-after']).to.equal('1');
    const second = await mobile('+86-13800000429', token);
    expect(second.status).to.equal(200);
    expect(second.json()).to.include({ mobile: '13800000429' });
    expect(await statuses('13800000429', [token, token])).to.deep.equal([429, 200]);
  });

  it('500 says that the system is busy, then the user is found, and again', async () => {
    const token = await newToken(simulator);
    const first = await mobile('13800000500', token);
    expect(first.status).to.equal(500);
    expect(first.json()).to.include({ error_code: 'IDAAS.TENANT.COM.0002' });
    expect(await statuses('13800000500', [token, token, token])).to.deep.equal([200, 500, 200]);
  });

  it('each caller meets the trouble of its own, in whatever order they ask', async () => {
    const [a, b] = [await newToken(simulator), await newToken(simulator)];
    for (const number of ['13800000429', '13800000500']) {
      expect((await statuses(number, [a, b, b, a])).map((status) => status === 200), number).to.deep.equal([false, false, true, true]);
    }
  });

  it('the troubles of different numbers are apart', async () => {
    const token = await newToken(simulator);
    expect((await mobile('13800000429', token)).status).to.equal(429);
    expect((await mobile('13800000500', token)).status).to.equal(500);
    expect((await mobile('13800000400', token)).status).to.equal(400);
  });

  it('400 calls the token expired; the replay with a renewed one finds the user, and again', async () => {
    let token = await newToken(simulator);
    for (let round = 0; round < 3; round++) {
      const refused = await mobile('13800000400', token);
      expect(refused.status).to.equal(400);
      expect(refused.json()).to.deep.equal({ error: 'invalid_token', error_description: `Access token expired:${token}` });
      token = await newToken(simulator);
      expect((await mobile('13800000400', token)).status).to.equal(200);
    }
  });

  it('400: the refused token itself still serves, and finds the user as well', async () => {
    const token = await newToken(simulator);
    expect((await mobile('13800000400', token)).status).to.equal(400);
    expect((await mobile('13800001111', token)).status).to.equal(200);
    expect(await statuses('13800000400', [token, token, token])).to.deep.equal([200, 400, 200]);
  });

  it('400: two callers at once are each refused and each found after their renewal', async () => {
    const [a, b] = [await newToken(simulator), await newToken(simulator)];
    expect(await statuses('13800000400', [a, b])).to.deep.equal([400, 400]);
    const [a2, b2] = [await newToken(simulator), await newToken(simulator)];
    expect(await statuses('13800000400', [b2, a2])).to.deep.equal([200, 200]);
    expect(await statuses('13800000400', [b2, a2])).to.deep.equal([400, 400]);
    const a3 = await newToken(simulator);
    expect(await statuses('13800000400', [a3])).to.deep.equal([200]);
    const b3 = await newToken(simulator);
    expect(await statuses('13800000400', [b3])).to.deep.equal([200]);
  });

  it('400: what one client settles is not taken from another', async () => {
    for (const id of ['one', 'two']) await mobile('13800000400', await newToken(simulator, id));
    expect(await statuses('13800000400', [await newToken(simulator, 'two')])).to.deep.equal([200]);
    expect(await statuses('13800000400', [await newToken(simulator, 'one')])).to.deep.equal([200]);
  });

  it('400: a caller that comes later is refused first, after a settled refusal, one of another client, or one given up', async () => {
    const a = await newToken(simulator, 'one');
    await mobile('13800000400', a);
    expect(await statuses('13800000400', [await newToken(simulator, 'other')])).to.deep.equal([400]);
    expect(await statuses('13800000400', [await newToken(simulator, 'one')])).to.deep.equal([200]);
    const later = await newToken(simulator, 'one');
    expect(await statuses('13800000400', [later])).to.deep.equal([400]);
    now += 10_000;
    expect(await statuses('13800000400', [await newToken(simulator, 'one')])).to.deep.equal([400]);
  });
});
