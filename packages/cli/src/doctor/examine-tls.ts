/** The TLS handshake, and the certificates that the server shows: who they are of, who has signed them, until when. */
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { checkServerIdentity, connect } from 'node:tls';
import type { Examination } from './examination.ts';
import { codeOf } from './examination.ts';

const DAY_MS = 86_400_000;
/** A certificate that ends sooner is worth a word. */
const SOON_DAYS = 21;

/** @returns whether a client that looks at certificates would go on */
export async function examineTls(examination: Examination): Promise<boolean> {
  const { server, findings, nowMs } = examination;
  const startMs = nowMs();
  let socket: TLSSocket;
  try {
    socket = await handshake(examination);
  } catch (error) {
    const code = codeOf(error);
    findings.bad('TLS', `the handshake failed (${code})`, handshakeAdvice(code), nowMs() - startMs);
    return false;
  }
  try {
    const { name } = socket.getCipher();
    const alpn = socket.alpnProtocol === false ? '' : `, protocol ${socket.alpnProtocol}`;
    findings.good('TLS', `${socket.getProtocol()}, ${name}${alpn}`, nowMs() - startMs);
    const chain = chainOf(socket);
    if (chain.length === 0) return true;
    for (const certificate of chain) tellCertificate(certificate, examination);
    const isTrusted = tellTrust(socket, chain, examination);
    return tellHost(server.host, chain[0]!, examination) && isTrusted;
  } finally {
    socket.destroy();
  }
}

/** Takes any certificate, so that it can be looked at. */
function handshake({ server, tls = {}, timeoutMs }: Examination): Promise<TLSSocket> {
  const { ca, cert, key, pfx, passphrase, servername, ALPNProtocols, minVersion, maxVersion, ciphers, psk } =
    tls;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: server.host,
      port: server.port,
      servername: servername ?? (/^[\d.]+$|:/.test(server.host) ? '' : server.host),
      rejectUnauthorized: false,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(pfx === undefined ? {} : { pfx }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(ALPNProtocols === undefined ? {} : { ALPNProtocols: [...ALPNProtocols] }),
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
      ...(ciphers === undefined ? (psk === undefined ? {} : { ciphers: 'PSK' }) : { ciphers }),
      ...(psk === undefined
        ? {}
        : {
            pskCallback: () => ({ identity: psk.identity, psk: psk.key }),
            checkServerIdentity: () => undefined,
          }),
    });
    const timer = setTimeout(() => socket.destroy(new HandshakeSilence()), timeoutMs);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    // It stays: the server may break the connection while its certificates are looked at.
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

class HandshakeSilence extends Error {
  readonly code = 'NO_ANSWER';
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
  const code = String(socket.authorizationError);
  // That has been told with the certificate.
  if (code.includes('CERT_HAS_EXPIRED') || code.includes('CERT_NOT_YET_VALID')) return false;
  const isOwnSigner = chain.length === 1 && nameOf(chain[0]!.subject) === nameOf(chain[0]!.issuer);
  findings.bad(
    'trust',
    `signed by nobody who is trusted here (${code})`,
    isOwnSigner
      ? 'The certificate has signed itself. Give it to the clients as --cafile, if it is yours.'
      : 'Give the certificate of who has signed it as --cafile. If that is a public authority, the server does not send the certificates in between: let it send the whole chain (often called fullchain.pem).',
  );
  return false;
}

function tellHost(
  host: string,
  certificate: DetailedPeerCertificate,
  { findings, tls }: Examination,
): boolean {
  const wanted = tls?.servername ?? host;
  if (checkServerIdentity(wanted, certificate) === undefined) {
    findings.good('host', `the certificate is for ${wanted}`);
    return true;
  }
  const names =
    certificate.subjectaltname?.replaceAll(/DNS:|IP Address:/g, '') ?? nameOf(certificate.subject);
  findings.bad(
    'host',
    `the certificate is not for ${wanted}, but for ${names}`,
    'Connect by one of those names, or get a certificate with this one among its subject alternative names. --insecure would take it, from anybody.',
  );
  return false;
}

function handshakeAdvice(code: string): string {
  if (/WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH|UNEXPECTED_MESSAGE/.test(code))
    return 'What answers there does not speak TLS. For MQTT without TLS it is mqtt:// (usually port 1883), or ws:// for WebSocket.';
  if (/CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|UNKNOWN_CA/.test(code))
    return 'The server wants a certificate of the client, signed by somebody whom it trusts: --cert and --key.';
  if (/HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER/.test(code))
    return 'Client and server have no TLS version or cipher in common (an old server wants --tls-version tlsv1.2), or the server wants a client certificate (--cert, --key) or a key (--psk).';
  if (/DECRYPT_ERROR|BAD_RECORD_MAC|UNKNOWN_PSK/.test(code))
    return 'The server does not know this identity with this key: --psk-identity, --psk.';
  if (/NO_APPLICATION_PROTOCOL/.test(code)) return 'The server speaks none of the protocols of --tls-alpn.';
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return 'The server closed the connection. It may not speak TLS there (then it is mqtt://), or want a client certificate (--cert, --key).';
  if (code === 'NO_ANSWER')
    return 'Something accepts connections there and says nothing. It may not speak TLS, or something in between swallows it.';
  return 'OpenSSL says no more about it than this code.';
}
