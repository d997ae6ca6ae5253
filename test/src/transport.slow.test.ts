/** The transport by itself: what undici must never be led into. */
import { expect } from 'chai';
import { LookupFailure } from '../../src/failures/failure';
import { systemClock } from '../../src/clock';
import { createTransport } from '../../src/http/transport';
import { createRandom } from '../../scripts/soak/random';
import { startConnectProxy } from '../support/connect-proxy';
import { createAuthority } from '../support/certificates';
import { ScriptedTenant } from '../support/servers';
import { closeAll, closeLater } from './support';

const request = { method: 'POST', path: '/', headers: [], body: '{}' } as const;
const CONCURRENCY = 4;

describe('transport', () => {
  afterEach(closeAll);

  /** Connections fail, tunnels end and requests are cancelled all the time, and whoever is told sends the next request at once. */
  const inTrouble = async (requests: number, seed: number): Promise<{ told: number; failed: number; cancelled: number }> => {
    const authority = await createAuthority('Authority of the tests');
    const server = closeLater(await ScriptedTenant.start({ tls: await authority.server() }));
    const proxy = closeLater(await startConnectProxy());
    const transport = closeLater(createTransport({ origin: server.url, tls: { ca: authority.cert, rejectUnauthorized: true }, proxy: { url: proxy.url, noProxy: [] }, concurrency: CONCURRENCY, timeoutMs: 5000 }, systemClock));
    const random = createRandom(seed);
    const trouble = setInterval(() => {
      proxy.reaction = random() < 0.5 ? 'hang-up' : 'tunnel';
      if (random() < 0.5) proxy.endTunnels();
    }, 2);
    const counts = { told: 0, failed: 0, cancelled: 0 };
    const sendOne = (): Promise<void> => new Promise((resolve, reject) => {
      let over = false;
      const exchange = transport.send({ ...request, headers: [] }, {
        received: (result) => {
          if (over) return reject(new Error('told twice, or after it was cancelled'));
          over = true;
          counts.told++;
          if (result instanceof LookupFailure) counts.failed++;
          next();
        },
      });
      if (random() < 0.3) {
        setTimeout(() => {
          if (over) return;
          over = true;
          counts.cancelled++;
          exchange.cancel();
          next();
        }, random() * 4);
      }
      const next = (): void => resolve(--requests > 0 ? sendOne() : undefined);
    });
    try {
      await Promise.all(Array.from({ length: CONCURRENCY }, sendOne));
    } finally {
      clearInterval(trouble);
    }
    return counts;
  };

  it('begins the next request from within the failure of the last', async function () {
    this.timeout(60_000);
    // An assertion of undici's would be an uncaught exception, which fails the test.
    const all = await Promise.all(Array.from({ length: 6 }, (_, seed) => inTrouble(400, seed)));
    for (const { told, failed, cancelled } of all) {
      expect(told + cancelled).to.be.within(400, 400 + CONCURRENCY);
      expect(failed).to.be.above(0);
      expect(cancelled).to.be.above(0);
    }
  });
});
