/** Certificates for TLS tests, made when they are needed: an authority of our own, and what it signs. */
import { generate, type SelfsignedOptions } from 'selfsigned';

export interface KeyPair {
  key: string;
  cert: string;
}

export interface Authority extends KeyPair {
  /** A server's certificate. `names` are host names; the default fits `localhost` and `127.0.0.1`. */
  server(options?: { names?: string[]; expired?: boolean; early?: boolean }): Promise<KeyPair>;
  client(name: string, options?: { passphrase?: string }): Promise<KeyPair>;
}

const DAY_MS = 86_400_000;
const EC = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);
const subject = (name: string) => [{ name: 'commonName', value: name }];

const make = async (name: string, options: SelfsignedOptions): Promise<KeyPair> => {
  const made = await generate(subject(name), { ...EC, notBeforeDate: daysFromNow(-2), notAfterDate: daysFromNow(2), ...options });
  return { key: made.private, cert: made.cert };
};

const altNames = (names: string[] | undefined) =>
  names ? names.map((value) => ({ type: 2 as const, value })) : [{ type: 2 as const, value: 'localhost' }, { type: 7 as const, ip: '127.0.0.1' }];

const serverOptions = ({ names, expired = false, early = false }: { names?: string[]; expired?: boolean; early?: boolean }): SelfsignedOptions => ({
  ...(expired && { notAfterDate: daysFromNow(-1) }),
  ...(early && { notBeforeDate: daysFromNow(1) }),
  extensions: [
    { name: 'basicConstraints', cA: false },
    { name: 'keyUsage', digitalSignature: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: altNames(names) },
  ],
});

const clientExtensions: SelfsignedOptions['extensions'] = [
  { name: 'basicConstraints', cA: false },
  { name: 'keyUsage', digitalSignature: true },
  { name: 'extKeyUsage', clientAuth: true },
];

export const createAuthority = async (name: string): Promise<Authority> => {
  const ca = await make(name, { extensions: [{ name: 'basicConstraints', cA: true, critical: true }, { name: 'keyUsage', keyCertSign: true, critical: true }] });
  return {
    ...ca,
    server: (options = {}) => make(options.names?.[0] ?? 'localhost', { ca, ...serverOptions(options) }),
    client: (client, options = {}) => make(client, { ca, extensions: clientExtensions, ...options }),
  };
};

/** Signed by nobody but itself. */
export const selfSigned = (): Promise<KeyPair> => make('localhost', serverOptions({}));
