import type { ProxyHeader, ProxyProtocol } from './proxy-header.ts';
import { TrustedProxies } from './trusted-proxies.ts';

/** What a listener expects of the PROXY headers of its connections. */
export interface ProxyOptions {
  /**
   * Which versions of the header are expected in front of everything else. A connection without one is closed.
   * @default 'any'
   */
  readonly version?: ProxyProtocol;
  /** The header must say that the client came to the proxy over TLS; only version 2 can. @default false */
  readonly requireTls?: boolean;
  /** The header must bring the CN of a client certificate that the proxy has verified. @default false */
  readonly requireCertificate?: boolean;
  /** Addresses and blocks (`10.0.0.0/8`) of proxies; everyone else is closed at once. @default everyone */
  readonly trustedProxies?: readonly string[];
}

/** What a listener expects of PROXY headers. */
export class ProxySettings {
  readonly version: ProxyProtocol;
  readonly trusted: TrustedProxies;
  readonly #requireTls: boolean;
  readonly #requireCertificate: boolean;

  /** @throws {TypeError} for a block of addresses that is none */
  constructor(options: ProxyOptions) {
    const { version = 'any', requireTls = false, requireCertificate = false, trustedProxies = [] } = options;
    this.version = version;
    this.trusted = new TrustedProxies(trustedProxies);
    this.#requireTls = requireTls;
    this.#requireCertificate = requireCertificate;
  }

  /** Why a header is not enough, or undefined. */
  refusalOf(header: ProxyHeader): string | undefined {
    if (this.#requireTls && header.security === undefined)
      return 'the PROXY header does not say that the client uses TLS, and the listener requires it';
    if (this.#requireCertificate && header.security?.certificate === undefined)
      return 'the PROXY header has no verified certificate of the client, and the listener requires one';
    return undefined;
  }
}
