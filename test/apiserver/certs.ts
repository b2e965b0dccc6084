/** Certificates for the test API server: a CA of its own, servers, clients, expired ones. */
// @peculiar/x509 asks for this polyfill before it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface Issued {
  /** PEM. */
  cert: string;
  /** PEM (PKCS#8). */
  key: string;
}

export interface Authority extends Issued {
  certificate: x509.X509Certificate;
  keys: CryptoKeyPair;
}

type CryptoKeyPair = { publicKey: webcrypto.CryptoKey; privateKey: webcrypto.CryptoKey };

let serial = 1;

async function keyPair(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair;
}

async function keyPem(keys: CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

const DAY = 24 * 3600 * 1000;

/** A self-signed CA. */
export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await keyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: String(serial++).padStart(4, '0'),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 30 * DAY),
    keys: keys as never,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  });
  return { certificate, keys, cert: certificate.toString('pem'), key: await keyPem(keys) };
}

export interface IssueOptions {
  /** Common name: the user's name for a client. */
  name: string;
  /** Organisations: a client's groups. */
  groups?: string[];
  use: 'server' | 'client';
  /** Names and addresses of a server. */
  hosts?: string[];
  /** Days from now until it ends; negative: expired already. */
  days?: number;
}

/** A certificate signed by the CA. */
export async function issue(authority: Authority, options: IssueOptions): Promise<Issued> {
  const keys = await keyPair();
  const organisations = (options.groups ?? []).map((group) => `, O=${group}`).join('');
  const days = options.days ?? 7;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: String(serial++).padStart(4, '0'),
    subject: `CN=${options.name}${organisations}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(Date.now() - (days < 0 ? 10 : 1) * DAY),
    notAfter: new Date(Date.now() + days * DAY),
    publicKey: keys.publicKey as never,
    signingKey: authority.keys.privateKey as never,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([
        options.use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
      ]),
      ...(options.hosts
        ? [
            new x509.SubjectAlternativeNameExtension(
              options.hosts.map(
                (host) => ({ type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns', value: host }) as const,
              ),
            ),
          ]
        : []),
    ],
  });
  return { cert: certificate.toString('pem'), key: await keyPem(keys) };
}
