/** What all findings come to, in one sentence: the last line of the examination. */
import type { Finding } from './finding.ts';

/** Where a way ends, in words that go on after `It ends at`. */
const ENDS: Readonly<Record<string, string>> = {
  name: 'the name of the server',
  TCP: 'the network',
  proxy: 'the proxy',
  socket: 'the socket',
  TLS: 'the TLS handshake',
  certificate: 'the certificate',
  trust: 'the certificate, which nobody trusted has signed',
  host: 'the certificate, which is for another name',
  WebSocket: 'the upgrade to WebSocket',
  CONNECT: 'CONNECT',
  SUBSCRIBE: 'the right to subscribe',
  PUBLISH: 'the right to publish',
  'round trip': 'the way of a message through the server',
};

export function diagnosisOf(findings: readonly Finding[]): string {
  const first = findings.find(({ kind }) => kind === 'bad');
  if (first !== undefined) return `It ends at ${ENDS[first.step] ?? `the ${first.step}`}.`;
  const warnings = findings.filter(({ kind }) => kind === 'warning').length;
  if (warnings === 0) return 'All is well.';
  return warnings === 1
    ? 'It works, with one thing to look at.'
    : `It works, with ${warnings} things to look at.`;
}
