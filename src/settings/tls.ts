/** Whether certificate and key can be used, so that what is wrong with them is known at deployment. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

export interface TlsSettings {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Certificate and key in one, PKCS #12. */
  pfx?: string | Buffer;
  passphrase?: string;
  servername?: string;
  ALPNProtocols?: string[];
  rejectUnauthorized?: boolean;
}

/** OpenSSL tells what went wrong in words only. */
const CAUSES: readonly [RegExp, string][] = [
  [/mac verify|bad decrypt|bad password|passphrase|interrupted or cancelled|decoder/i, 'cannot be decrypted: check the passphrase.'],
  [/key values mismatch|mismatch/i, 'holds a key that belongs to another certificate.'],
  [/no start line|bad base64|not enough data|wrong tag|asn1|PEM/i, 'holds no PEM: a certificate begins with -----BEGIN CERTIFICATE-----.'],
];

const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return [error.message, code, reason].filter((part) => typeof part === 'string').join(' ');
};

const explained = (error: unknown): string => {
  const words = wordsOf(error);
  return CAUSES.find(([pattern]) => pattern.test(words))?.[1] ?? 'holds a certificate or key that cannot be read.';
};

/** createSecureContext takes a file without any certificate in it for no authority at all. */
const isWithoutCertificate = (ca: string | Buffer | undefined): boolean => ca !== undefined && ca.length > 0 && !ca.includes('-----BEGIN');

/** Why the material cannot be used; `null` when it can. */
export const tlsFlaw = ({ ca, cert, key, pfx, passphrase }: TlsSettings): string | null => {
  try {
    if (isWithoutCertificate(ca)) return 'holds no PEM: a certificate begins with -----BEGIN CERTIFICATE-----.';
    const options: SecureContextOptions = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(pfx && { pfx }), ...(passphrase !== undefined && { passphrase }) };
    createSecureContext(options);
    if (!cert || !key) return null;
    const isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) }));
    return isPair ? null : 'holds a key that belongs to another certificate.';
  } catch (error) {
    return explained(error);
  }
};
