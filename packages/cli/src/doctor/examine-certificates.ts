/** The certificates that a server shows: who they are of, who has signed them, until when, and for which names. */
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import type { Examination } from './examination.ts';

const DAY_MS = 86_400_000;
/** A certificate that ends sooner is worth a word. */
const SOON_DAYS = 21;

/** Without certificates, a key has proved both sides. @returns whether a client would go on */
export function examineCertificates(socket: TLSSocket, examination: Examination): boolean {
  const chain = chainOf(socket);
  if (chain.length === 0) return true;
  for (const certificate of chain) tellCertificate(certificate, examination);
  const isTrusted = tellTrust(socket, chain, examination);
  return tellHost(chain[0]!, examination) && isTrusted;
}

/** From the server's own to the root, as far as they are known. */
function chainOf(socket: TLSSocket): readonly DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (
    certificate?.subject !== undefined &&
    !chain.some((each) => each.fingerprint256 === certificate?.fingerprint256)
  ) {
    chain.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

function nameOf(subject: DetailedPeerCertificate['subject'] | undefined): string {
  return String(subject?.CN ?? subject?.O ?? 'without a name');
}

function tellCertificate(certificate: DetailedPeerCertificate, { findings, wallMs }: Examination): void {
  const { subject, issuer, valid_from: from, valid_to: to } = certificate;
  const text = `${nameOf(subject)}, signed by ${nameOf(issuer)}, valid until ${new Date(to).toISOString().slice(0, 10)}`;
  const leftDays = (Date.parse(to) - wallMs()) / DAY_MS;
  if (leftDays < 0)
    findings.bad(
      'certificate',
      `${text}: it has expired`,
      'Renew it on the server, and let the server read it anew. If it should be valid, look at the clock of this machine.',
    );
  else if (Date.parse(from) > wallMs())
    findings.bad(
      'certificate',
      `${text}: it is valid only from ${new Date(from).toISOString()}`,
      'Look at the clock of this machine: a Raspberry Pi has none of its own, and is in the past until it has reached a time server.',
    );
  else if (leftDays < SOON_DAYS)
    findings.warning(
      'certificate',
      `${text}: ${Math.floor(leftDays)} days left`,
      'Renew it before then, and let the server read it anew.',
    );
  else findings.good('certificate', text);
}

function tellTrust(
  socket: TLSSocket,
  chain: readonly DetailedPeerCertificate[],
  { findings }: Examination,
): boolean {
  if (socket.authorized) {
    findings.good('trust', 'signed by somebody who is trusted here');
    return true;
  }
  const code = codeOfDistrust(socket);
  // That has been told with the certificate.
  if (code.includes('CERT_HAS_EXPIRED') || code.includes('CERT_NOT_YET_VALID')) return false;
  findings.bad('trust', `signed by nobody who is trusted here (${code})`, trustAdvice(code, chain));
  return false;
}

/** Types have an error there, and Node.js the code of one, if it has a code. */
function codeOfDistrust({ authorizationError }: TLSSocket): string {
  const error: unknown = authorizationError;
  return error instanceof Error ? String((error as NodeJS.ErrnoException).code) : String(error);
}

function trustAdvice(code: string, chain: readonly DetailedPeerCertificate[]): string {
  const last = chain.at(-1)!;
  if (nameOf(last.subject) === nameOf(last.issuer))
    return chain.length === 1
      ? 'The certificate has signed itself. Give it to the clients as --cafile, if it is yours.'
      : `Give the certificate of ${nameOf(last.subject)}, the last one above, as --cafile, if you trust it.`;
  if (code === 'CERT_SIGNATURE_FAILURE')
    return `There is a ${nameOf(last.issuer)} among --cafile, but with another key: it may have been made anew.`;
  return `Give the certificate of ${nameOf(last.issuer)} as --cafile. If that is signed by a public authority itself, the server leaves out the certificates in between: let it send the whole chain (often called fullchain.pem).`;
}

function tellHost(
  certificate: DetailedPeerCertificate,
  { findings, server, tls, takesAnyName }: Examination,
): boolean {
  const wanted = tls?.servername ?? server.host;
  if (checkServerIdentity(wanted, certificate) === undefined) {
    findings.good('host', `the certificate is for ${wanted}`);
    return true;
  }
  const names =
    certificate.subjectaltname?.replaceAll(/DNS:|IP Address:/g, '') ?? nameOf(certificate.subject);
  const text = `the certificate is not for ${wanted}, but for ${names}`;
  if (takesAnyName) {
    findings.warning('host', text, 'It is taken because of --insecure, and so would be that of anybody.');
    return true;
  }
  findings.bad(
    'host',
    text,
    'Connect by one of those names, or get a certificate with this one among its subject alternative names. --insecure would take it, from anybody.',
  );
  return false;
}
