/**
 * Does the handshakes of one listener, over sockets that somebody else has accepted: a PROXY header may come before TLS.
 *
 * It never changes: after a reload the listener has another one, and handshakes that are under way end with the old one. So sessions
 * that were agreed on before (tickets) are not resumed under new certificates, authorities and revocation lists.
 */
import type { X509Certificate } from 'node:crypto';
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import type { SecureContextOptions, Server, TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import type { ListenerRefusal } from '../../core/ports/listener-refusal.ts';
import type { CertificateIdentity, TransportSecurity } from '../../core/ports/transport.ts';
import type { TlsRemark } from './certificate-dates.ts';
import { certificateIdentity } from './certificate-identity.ts';
import { chainProblem } from './client-chain.ts';
import { readClientHello } from './client-hello.ts';
import { certificateRefusalText, handshakeFailureText } from './handshake-failure.ts';
import type { LoadedTls } from './load-tls.ts';

export interface Handshake {
  onSecured(socket: TLSSocket, security: TransportSecurity): void;
  /** The socket is being closed. */
  onFailed(kind: ListenerRefusal, reason: string): void;
}

/** Node.js ends handshakes that are silent for so long; ours are bounded from their beginning, by the listener. */
const HANDSHAKE_SILENCE_MS = 3_600_000;
/** Errors of OpenSSL that say nothing but that the certificate is out of its dates. */
const DATE_ERRORS: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

const CERTIFICATE_MISSING = 'the client sent no certificate, and the listener requires one';

export class TlsGate {
  readonly #tls: LoadedTls;
  /** One for each certificate. */
  readonly #servers: readonly Server[];
  readonly #wallMs: () => number;
  /** By the socket below TLS. */
  readonly #handshakes = new WeakMap<Socket, Handshake>();
  readonly #pskIdentities = new WeakMap<TLSSocket, string>();

  /** @param wallMs The time, in ms since 1970. */
  constructor(tls: LoadedTls, wallMs: () => number = Date.now) {
    this.#tls = tls;
    this.#wallMs = wallMs;
    this.#servers = tls.contexts.map((context) => this.#createServer(context));
  }

  get tls(): LoadedTls {
    return this.#tls;
  }

  /** What the log should say now of its certificates and lists. */
  get remarks(): readonly TlsRemark[] {
    return this.#tls.remarksAt(this.#wallMs());
  }

  /** Begins the handshake on a socket of which nothing has been read that belongs to it. */
  secure(socket: Socket, handshake: Handshake): void {
    this.#handshakes.set(socket, handshake);
    if (this.#servers.length === 1) this.#servers[0]!.emit('connection', socket);
    else this.#chooseServer(socket);
  }

  /** Reads the name of the server that is asked for, and leaves it in the socket. */
  #chooseServer(socket: Socket): void {
    let gathered: Buffer = Buffer.alloc(0);
    const onReadable = (): void => {
      for (let bytes: Buffer | null = socket.read(); bytes !== null; bytes = socket.read()) {
        gathered = gathered.length === 0 ? bytes : Buffer.concat([gathered, bytes]);
        const hello = readClientHello(gathered);
        if (hello.kind === 'incomplete') continue;
        socket.off('readable', onReadable);
        socket.off('end', onEnd);
        socket.unshift(gathered);
        const { serverName } = hello;
        const index = serverName === undefined ? undefined : this.#tls.serverNames.find(serverName);
        this.#servers[index ?? 0]!.emit('connection', socket);
        return;
      }
    };
    const onEnd = (): void => {
      socket.destroy();
      this.#handshakes
        .get(socket)
        ?.onFailed('tls-handshake-failed', handshakeFailureText('ECONNRESET', false));
    };
    socket.on('readable', onReadable);
    socket.on('end', onEnd);
  }

  #createServer(context: SecureContextOptions): Server {
    const tls = this.#tls;
    const { keyLog, psk, pskHint } = tls;
    const hasLists = tls.anchors.revocationLists.length > 0;
    const server = createServer({
      ...context,
      requestCert: tls.clientCertificates !== 'none',
      // With it, who sends no certificate is told so by an alert. Node.js refuses by itself then, so it must know best.
      rejectUnauthorized: tls.clientCertificates === 'require' && tls.checkClientDates && !hasLists,
      handshakeTimeout: HANDSHAKE_SILENCE_MS,
      ALPNProtocols: [...tls.alpn],
      ...(psk === null
        ? {}
        : {
            pskCallback: (socket: TLSSocket, identity: string) => this.#pskOf(psk, socket, identity),
            ...(pskHint === undefined ? {} : { pskIdentityHint: pskHint }),
            // What a ticket resumes does not say whose key it was.
            secureOptions: constants.SSL_OP_NO_TICKET,
          }),
    });
    server.on('secureConnection', (socket) => this.#onSecured(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => this.#onError(error, socket));
    if (keyLog !== undefined) server.on('keylog', keyLog);
    return server;
  }

  #pskOf(keys: ReadonlyMap<string, Uint8Array>, socket: TLSSocket, identity: string): Uint8Array | null {
    const key = keys.get(identity);
    if (key === undefined) return null;
    this.#pskIdentities.set(socket, identity);
    return key;
  }

  #onSecured(socket: TLSSocket): void {
    const handshake = this.#take(socket);
    if (handshake === undefined) {
      socket.destroy();
      return;
    }
    const examined = this.#examine(socket);
    if (typeof examined !== 'string') {
      handshake.onSecured(socket, examined);
      return;
    }
    socket.on('error', () => {});
    socket.destroy();
    handshake.onFailed('client-certificate-refused', examined);
  }

  /** What is known of a connection whose handshake is done, or why it is refused. */
  #examine(socket: TLSSocket): TransportSecurity | string {
    const pskIdentity = this.#pskIdentities.get(socket);
    if (this.#tls.psk !== null && pskIdentity === undefined) return 'no pre-shared key was agreed on';
    try {
      const certificate =
        this.#tls.clientCertificates === 'none' ? undefined : socket.getPeerX509Certificate();
      const problem = this.#certificateProblem(socket, certificate);
      return problem ?? securityOf(socket, identityOf(certificate), pskIdentity);
    } catch {
      // Whoever is not trusted may put a certificate together as it likes.
      return certificateRefusalText('CERT_REJECTED');
    }
  }

  #certificateProblem(socket: TLSSocket, certificate: X509Certificate | undefined): string | undefined {
    const { clientCertificates, checkClientDates, anchors } = this.#tls;
    if (certificate === undefined) return clientCertificates === 'require' ? CERTIFICATE_MISSING : undefined;
    if (socket.authorized) return undefined;
    const code = codeOf(socket.authorizationError);
    if (code !== 'UNABLE_TO_GET_CRL' && (checkClientDates || !DATE_ERRORS.includes(code)))
      return certificateRefusalText(code);
    const presented = presentedWith(certificate);
    const problem = chainProblem(certificate, presented, anchors, checkClientDates, this.#wallMs());
    return problem === undefined ? undefined : certificateRefusalText(problem);
  }

  #onError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const handshake = this.#take(socket);
    socket.destroy();
    if (handshake === undefined) return;
    const refused = codeOf(socket.authorizationError);
    if (refused !== '') {
      handshake.onFailed('client-certificate-refused', certificateRefusalText(refused));
    } else if (error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') {
      handshake.onFailed('client-certificate-refused', CERTIFICATE_MISSING);
    } else {
      handshake.onFailed('tls-handshake-failed', handshakeFailureText(error.code, this.#tls.psk !== null));
    }
  }

  #take(socket: TLSSocket): Handshake | undefined {
    const below = socketBelow(socket);
    const handshake = below === undefined ? undefined : this.#handshakes.get(below);
    if (below !== undefined) this.#handshakes.delete(below);
    return handshake;
  }
}

/**
 * The socket that was given to `secure`. Node.js tells it by no documented name; `_parent` is what its own code uses, in versions 20
 * to 26.
 */
function socketBelow(socket: TLSSocket): Socket | undefined {
  return (socket as unknown as { readonly _parent?: Socket })._parent;
}

/** A code such as `CERT_HAS_EXPIRED`; Node.js gives it as a text, whatever its types say. */
function codeOf(error: unknown): string {
  if (error === null || error === undefined) return '';
  return typeof error === 'string' ? error : ((error as NodeJS.ErrnoException).code ?? String(error));
}

function identityOf(certificate: X509Certificate | undefined): CertificateIdentity | undefined {
  return certificate === undefined ? undefined : certificateIdentity(certificate);
}

/** What the client sent besides its certificate, as far as Node.js could put it in a row. */
function presentedWith(certificate: X509Certificate): readonly X509Certificate[] {
  const presented: X509Certificate[] = [];
  for (let next = certificate.issuerCertificate; next !== undefined; next = next.issuerCertificate)
    presented.push(next);
  return presented;
}

function securityOf(
  socket: TLSSocket,
  certificate: CertificateIdentity | undefined,
  pskIdentity: string | undefined,
): TransportSecurity {
  const serverName = (socket as unknown as { readonly servername?: string | false | null }).servername;
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    certificate,
    pskIdentity,
    serverName: typeof serverName === 'string' ? serverName : undefined,
  };
}
