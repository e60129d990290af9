/** What an operator should know in time: that a certificate or a revocation list expires, or has. */
import type { X509Certificate } from 'node:crypto';
import type { LogLevel } from '../../core/ports/log.ts';
import { rfc2253Name } from './distinguished-name.ts';
import type { RevocationList } from './revocation-list.ts';

const DAY_MS = 24 * 3600 * 1000;
/** From so many days before its end a certificate is warned of. */
const WARNING_DAYS = 30;

/** A line for the log. */
export interface TlsRemark {
  readonly level: LogLevel;
  readonly code: 'certificate-expired' | 'certificate-expires' | 'certificate-not-yet-valid' | 'crl-expired';
  readonly text: string;
}

/** @param name The file, or the option that the certificate was given with. */
export function certificateRemarks(
  name: string,
  certificate: X509Certificate,
  wallMs: number,
): readonly TlsRemark[] {
  const subject = `${name}: the certificate ${rfc2253Name(certificate.subject)}`;
  const endMs = Date.parse(certificate.validTo);
  if (Date.parse(certificate.validFrom) > wallMs)
    return [
      {
        level: 'error',
        code: 'certificate-not-yet-valid',
        text: `${subject} is not valid before ${certificate.validFrom}: is the clock right?`,
      },
    ];
  if (endMs <= wallMs)
    return [
      {
        level: 'error',
        code: 'certificate-expired',
        text: `${subject} expired on ${certificate.validTo}: most clients will refuse it`,
      },
    ];
  const days = Math.floor((endMs - wallMs) / DAY_MS);
  if (days >= WARNING_DAYS) return [];
  const left = days === 1 ? 'in 1 day' : `in ${days} days`;
  return [
    {
      level: 'warning',
      code: 'certificate-expires',
      text: `${subject} expires ${left}, on ${certificate.validTo}`,
    },
  ];
}

export function revocationListRemarks(
  name: string,
  { nextUpdateMs }: RevocationList,
  wallMs: number,
): readonly TlsRemark[] {
  if (nextUpdateMs === undefined || nextUpdateMs > wallMs) return [];
  const date = new Date(nextUpdateMs).toISOString();
  return [
    {
      level: 'error',
      code: 'crl-expired',
      text: `${name}: the revocation list expired on ${date}: certificates of its CA are refused until a new one is in its place`,
    },
  ];
}
