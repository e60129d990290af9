/** The TLS handshake, and what is said where it fails. */
import type { TLSSocket } from 'node:tls';
import type { Examination } from './examination.ts';
import { codeOf } from './examination.ts';
import { examineCertificates } from './examine-certificates.ts';
import { openTls } from './reach.ts';
import { spokenAdvice, spokenProtocol } from './spoken-protocol.ts';

/** @returns whether a client that looks at certificates would go on */
export async function examineTls(examination: Examination): Promise<boolean> {
  const { findings, nowMs } = examination;
  const startMs = nowMs();
  let socket: TLSSocket;
  try {
    socket = await openTls(examination);
  } catch (error) {
    const tookMs = nowMs() - startMs;
    examination.signal.throwIfAborted();
    const code = codeOf(error);
    const spoken = code.includes('_ALERT_') ? undefined : await spokenProtocol(examination);
    const advice =
      spoken === undefined
        ? handshakeAdvice(code, examination.tls?.psk !== undefined)
        : spokenAdvice(spoken, examination);
    findings.bad('TLS', `the handshake failed (${code})`, advice, tookMs);
    return false;
  }
  try {
    const { name } = socket.getCipher();
    const alpn = typeof socket.alpnProtocol === 'string' ? `, protocol ${socket.alpnProtocol}` : '';
    findings.good('TLS', `${socket.getProtocol()}, ${name}${alpn}`, nowMs() - startMs);
    return examineCertificates(socket, examination);
  } finally {
    socket.destroy();
  }
}

/**
 * What an alert of TLS means that comes when the connection is there: servers look at the client's certificate only then.
 * @returns undefined if the code is none of an alert
 */
export function alertAdvice(code: string): string | undefined {
  return code.includes('_ALERT_') ? handshakeAdvice(code, false) : undefined;
}

function handshakeAdvice(code: string, hasKey: boolean): string {
  if (hasKey && code.includes('_ALERT_'))
    return 'The server does not take this identity with this key (--psk-identity, --psk), or wants certificates and no key.';
  if (/WRONG_VERSION_NUMBER|EPROTO|PACKET_LENGTH|UNEXPECTED_MESSAGE/.test(code))
    return 'What answers there does not speak TLS. For MQTT without TLS it is mqtt:// (usually port 1883), or ws:// for WebSocket.';
  if (/ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE_(UNKNOWN|EXPIRED|REVOKED)/.test(code))
    return 'The server does not take the certificate of the client (--cert): it has to be signed by somebody whom the server trusts, and be valid now.';
  if (code.includes('CERTIFICATE_REQUIRED'))
    return 'The server wants a certificate of the client, signed by somebody whom it trusts: --cert and --key.';
  if (/HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER/.test(code))
    return 'Client and server have no TLS version or cipher in common (an old server wants --tls-version tlsv1.2), or the server wants a client certificate (--cert, --key) or a key (--psk).';
  if (/DECRYPT_ERROR|BAD_RECORD_MAC|UNKNOWN_PSK/.test(code))
    return 'The server does not know this identity with this key: --psk-identity, --psk.';
  if (/NO_APPLICATION_PROTOCOL/.test(code)) return 'The server speaks none of the protocols of --tls-alpn.';
  if (/UNRECOGNIZED_NAME/.test(code))
    return 'The server knows no such name, and so has no certificate for it. Connect by a name that it knows.';
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'CLOSED')
    return 'The server closed the connection. It may not speak TLS there (then it is mqtt://), or want a client certificate (--cert, --key).';
  if (code === 'NO_ANSWER')
    return 'Something accepts connections there and says nothing. It may not speak TLS, or something in between swallows it.';
  return 'OpenSSL says no more about it than this code.';
}
