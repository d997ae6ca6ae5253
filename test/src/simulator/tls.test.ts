import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { start, stopAll } from './support';

describe('simulator over TLS', () => {
  let folder: string;
  let tls: { key: Buffer; cert: Buffer };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulator-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
      '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert,
    ], { stdio: 'pipe' });
    tls = { key: readFileSync(key), cert: readFileSync(cert) };
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(stopAll);

  it('serves https with the given certificate', async () => {
    const simulator = await start({ tls });
    expect(simulator.url).to.equal(`https://127.0.0.1:${simulator.port}`);
    const [response] = await once(get(`${simulator.url}/nothing`, { ca: tls.cert, agent: false }), 'response') as [IncomingMessage];
    response.resume();
    expect(response.statusCode).to.equal(404);
  });

  it('closes in the middle of a handshake', async () => {
    const simulator = await start({ tls });
    const client = connect(simulator.port, '127.0.0.1');
    await once(client, 'connect');
    // A whole exchange on another connection: by then the server has accepted the silent one.
    const [response] = await once(get(`${simulator.url}/nothing`, { ca: tls.cert, agent: false }), 'response') as [IncomingMessage];
    response.resume();
    const cutOff = once(client, 'close');
    await simulator.close();
    await cutOff;
  });
});
