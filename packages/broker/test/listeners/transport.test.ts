import { describeTransport } from './transport-contract.ts';
import { tcpWire, unixWire, webSocketWire } from './wire.ts';

describeTransport(tcpWire('TCP', false));
describeTransport(tcpWire('TCP with net.Socket', true));
describeTransport(unixWire('a Unix socket'));
describeTransport(webSocketWire);
