import { afterAll, beforeAll } from 'vitest';
import { HAS_OPENSSL, MadeAuthority } from './tls/made-authority.ts';
import { describeTransport } from './transport-contract.ts';
import { proxiedWire, secureWebSocketWire, tcpWire, tlsWire, unixWire, webSocketWire } from './wire.ts';

let made: MadeAuthority;
beforeAll(() => {
  if (HAS_OPENSSL) made = new MadeAuthority('Test CA');
});
afterAll(() => made?.remove());

describeTransport(tcpWire('TCP', false));
describeTransport(tcpWire('TCP with net.Socket', true));
describeTransport(unixWire('a Unix socket'));
describeTransport(webSocketWire);
describeTransport(proxiedWire('TCP behind a proxy', {}));
describeTransport(proxiedWire('TCP with net.Socket behind a proxy', { plainSockets: true }));
if (HAS_OPENSSL) {
  describeTransport(tlsWire('TLS 1.2', () => made, '1.2'));
  describeTransport(tlsWire('TLS 1.3', () => made, '1.3'));
  describeTransport(secureWebSocketWire(() => made));
}
