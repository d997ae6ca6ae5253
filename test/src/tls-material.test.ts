/** The material of the TLS connection is judged at deploy, not by the first message. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import { createTenant, LookupFailure, type TenantSettings, type TlsSettings } from '../../src/node-api';
import { checkedSettings } from '../../src/settings/settings';
import { createAuthority, type KeyPair } from '../support/certificates';

const settings = (tls?: TlsSettings): TenantSettings => ({ domain: 'tenant.example.com', auth: 'token', token: 'abc', warmUp: false, ...(tls && { tls }) });

const refusal = (tls: TlsSettings): LookupFailure => {
  try {
    void createTenant(settings(tls)).close();
  } catch (failure) {
    expect(failure).to.be.instanceOf(LookupFailure);
    return failure as LookupFailure;
  }
  return expect.fail('taken');
};

describe('TLS material', () => {
  let pair: KeyPair;
  let other: KeyPair;
  let locked: string;
  before(async () => {
    const authority = await createAuthority('authority');
    [pair, other] = await Promise.all([authority.client('one'), authority.client('other')]);
    locked = generateKeyPairSync('ec', {
      namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' },
    }).privateKey;
  });

  it('that belongs together is taken', () => {
    expect(checkedSettings(settings({ cert: pair.cert, key: pair.key, ca: pair.cert })).tls).to.include({ cert: pair.cert, key: pair.key });
    expect(checkedSettings(settings({ ca: '', cert: '', key: '' })).tls).to.include({ rejectUnauthorized: true });
  });

  it('with a wrong passphrase, or none, is refused', () => {
    for (const passphrase of ['wrong', undefined]) {
      const failure = refusal({ key: locked, ...(passphrase !== undefined && { passphrase }) });
      expect(failure).to.include({ code: 'CIAM.CONFIG', message: 'tls: the passphrase does not open the key.', adviceKey: 'tls-passphrase', retryable: false });
    }
    expect(checkedSettings(settings({ key: locked, passphrase: 'right' })).tls).to.include({ passphrase: 'right' });
  });

  it('with a passphrase that is wrong and decrypts the key to nonsense is refused for the passphrase', () => {
    const passphrase = Array.from({ length: 10_000 }, (_, n) => `wrong ${n}`).find((wrong) => { // one in some 200
      try {
        return createPrivateKey({ key: locked, passphrase: wrong });
      } catch (error) {
        return (error as { code?: string }).code !== 'ERR_OSSL_BAD_DECRYPT';
      }
    }) ?? expect.fail('none decrypts it');
    expect(refusal({ key: locked, passphrase })).to.include({ message: 'tls: the passphrase does not open the key.', adviceKey: 'tls-passphrase' });
    expect(refusal({ cert: 'none', key: locked, passphrase: 'right' })).to.include({ adviceKey: 'tls-pem' });
    expect(refusal({ key: locked.slice(0, 200), passphrase: 'right' })).to.include({ adviceKey: 'tls-pem' });
  });

  it('with the key of another certificate is refused, of another kind of key too', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }).privateKey;
    for (const key of [other.key, rsa]) expect(refusal({ cert: pair.cert, key }), key).to.include({ message: 'tls: the key belongs to another certificate.', adviceKey: 'tls-pair' });
  });

  it('that is no PEM is refused, an authority too', () => {
    for (const tls of [{ cert: 'none', key: pair.key }, { cert: pair.cert, key: 'none' }, { ca: 'none' }, { ca: [pair.cert, Buffer.from('none')] }, { cert: pair.cert.slice(0, 200), key: pair.key }]) {
      expect(refusal(tls)).to.include({ message: 'tls: the certificate, the key or the CA certificate is no PEM.', adviceKey: 'tls-pem' });
    }
  });

  it('shows no secret of it in the refusal', () => {
    expect(JSON.stringify(refusal({ key: locked, passphrase: 'a secret passphrase' }))).to.not.include('a secret passphrase');
  });

  it('leaves the check of certificates on, unless it says so itself', () => {
    const checks = [undefined, {}, { rejectUnauthorized: true }, { rejectUnauthorized: false }].map((tls) => checkedSettings(settings(tls)).tls.rejectUnauthorized);
    expect(checks).to.deep.equal([true, true, true, false]);
  });
});
