/** The material of the TLS connection, judged before anything is sent. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { configFailure, type ConfigReason } from '../failures/failure';

type Material = string | Buffer;

export interface TlsSettings {
  ca?: Material | Material[];
  cert?: Material;
  key?: Material;
  /** Certificate and key in one, as PKCS #12. */
  pfx?: Material;
  passphrase?: string;
  servername?: string;
  ALPNProtocols?: string[];
  /** Certificates are checked unless this is `false`, whatever the environment says. */
  rejectUnauthorized?: boolean;
}

/** OpenSSL gives the reason as a code or in words. */
const reasonOf = (error: unknown): ConfigReason => {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  const words = `${code} ${message}`;
  if (/bad.?decrypt|mac.?verify|passphrase|interrupted.?or.?cancelled/i.test(words)) return 'tls-passphrase';
  return /key.?(values|type).?mismatch/i.test(words) ? 'tls-pair' : 'tls-pem';
};

const privateKey = (key: Material, passphrase?: string): KeyObject => createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });

const refusalOf = (key: Material, passphrase?: string): ConfigReason | undefined => {
  try {
    privateKey(key, passphrase);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
};

/** With one wrong passphrase in some 200 the key decrypts to nonsense that OpenSSL calls no key: other passphrases tell that it is a key, and locked. */
const isMisread = (key: Material, passphrase?: string): boolean =>
  refusalOf(key, passphrase) === 'tls-pem' && ['1', '2', '3'].some((other) => refusalOf(key, other) === 'tls-passphrase');

/** `isPassphrase`: asked when it cannot be read, since OpenSSL does not always say so. */
const judge = <Result>(read: () => Result, isPassphrase = (): boolean => false): Result => {
  try {
    return read();
  } catch (error) {
    throw configFailure('tls', isPassphrase() ? 'tls-passphrase' : reasonOf(error));
  }
};

const isGiven = (material: Material | undefined): material is Material => material !== undefined && material.length > 0;

/** Throws a `CIAM.CONFIG` failure that names `tls`: a wrong passphrase, a key of another certificate, no PEM. */
export const checkedTls = (tls: TlsSettings = {}): TlsSettings & { rejectUnauthorized: boolean } => {
  if (tls as unknown === null) throw configFailure('tls', 'tls-pem');
  const { ca, cert, key, pfx, passphrase } = tls;
  judge(() => createSecureContext({ ca, cert, key, pfx, passphrase }), () => isGiven(key) && isMisread(key, passphrase));
  // OpenSSL ignores a CA that is no certificate, and a key of another kind than the certificate's.
  for (const one of [ca ?? []].flat()) if (isGiven(one)) judge(() => new X509Certificate(one));
  if (isGiven(cert) && isGiven(key)) {
    const belongs = judge(() => new X509Certificate(cert).checkPrivateKey(privateKey(key, passphrase)));
    if (!belongs) throw configFailure('tls', 'tls-pair');
  }
  return { ...tls, rejectUnauthorized: tls.rejectUnauthorized !== false };
};
