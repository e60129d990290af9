/** Who a verified client certificate says that its owner is. */
import type { X509Certificate } from 'node:crypto';
import type { CertificateIdentity } from '../../core/ports/transport.ts';
import { rfc2253Name } from './distinguished-name.ts';

export function certificateIdentity(certificate: X509Certificate): CertificateIdentity {
  return {
    commonName: commonNameOf(certificate),
    subject: rfc2253Name(certificate.subject),
    subjectAlternativeNames: alternativeNames(certificate.subjectAltName),
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    issuer: rfc2253Name(certificate.issuer),
  };
}

/** The first CN, as Mosquitto takes it. One with NUL in it is nobody's: programs cut it off at different places. */
function commonNameOf(certificate: X509Certificate): string | undefined {
  const { subject } = certificate.toLegacyObject() as {
    readonly subject?: { readonly CN?: string | readonly string[] };
  };
  const names = subject?.CN;
  const first = typeof names === 'string' ? names : names?.[0];
  return first === undefined || first === '' || first.includes('\0') ? undefined : first;
}

const KINDS: Readonly<Record<string, string>> = {
  DNS: 'dns',
  URI: 'uri',
  email: 'email',
  'IP Address': 'ip',
};

/**
 * From the form of Node.js, `DNS:a.example, IP Address:192.0.2.1`: values with special characters are in quotes, as JSON.
 * Names of other kinds (directory names, object identifiers) are left out.
 */
export function alternativeNames(text: string | undefined): readonly string[] {
  const names: string[] = [];
  for (const [, kind = '', quoted, plain] of (text ?? '').matchAll(
    /([^:,]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g,
  )) {
    const known = KINDS[kind];
    if (known !== undefined) names.push(`${known}:${quoted === undefined ? plain : JSON.parse(quoted)}`);
  }
  return names;
}

/** The host names for which a certificate of a server is valid: those of its SAN, and its CN if it has none. */
export function hostNamesOf(certificate: X509Certificate): readonly string[] {
  const names = alternativeNames(certificate.subjectAltName)
    .filter((name) => name.startsWith('dns:'))
    .map((name) => name.slice(4));
  if (names.length > 0) return names;
  const commonName = commonNameOf(certificate);
  return commonName === undefined ? [] : [commonName];
}
