/** Makes the methods of one section `authentication`, and gathers what is wrong with them and with the files that they name. */
import { createSecureContext } from 'node:tls';
import type {
  AuthenticationMethodConfiguration,
  HttpConfiguration,
  JwtConfiguration,
  PasswordFileConfiguration,
  ScramConfiguration,
} from '../../config/access-configuration.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import type { KeyPath } from '../../config/key-path.ts';
import { keyText } from '../../config/key-path.ts';
import { readListedFile } from '../listed-file.ts';
import type { PasswordHashing } from '../password-hashing.ts';
import type { ScramMechanism } from '../scram-credentials.ts';
import type { AuthenticationMethod } from './authentication-method.ts';
import type { AuthenticationServices } from './authentication-services.ts';
import type { HttpTls } from './http/bounded-request.ts';
import { HttpService } from './http/bounded-request.ts';
import { headerFrom } from './http/header-file.ts';
import { HttpMethod } from './http/http-method.ts';
import { readServiceUrl } from './http/service-url.ts';
import { JwksSource } from './jwt/jwks-source.ts';
import { JwtMethod } from './jwt/jwt-method.ts';
import { readKeyFile, readSecretFile } from './jwt/key-file.ts';
import { KeyFileSource } from './jwt/key-file-source.ts';
import type { TokenKeySource } from './jwt/token-keys.ts';
import { PasswordFileMethod } from './password-file-method.ts';
import { readPasswordFileUsers } from './password-file-users.ts';
import { ScramMethod } from './scram/scram-method.ts';
import { readScramUsers } from './scram/scram-users.ts';
import { TransportIdentityMethod } from './transport-identity-method.ts';

/** Bytes, of a file with certificates or a key. */
const LARGEST_PEM = 1_048_576;
/** Bytes, of what a service answers. */
const LARGEST_ANSWER = 65_536;
const LARGEST_JWKS = 1_048_576;

export class MethodBuilding {
  readonly files: string[] = [];
  readonly problems: ConfigurationProblem[] = [];
  /** Mechanisms of SCRAM that a method has. */
  readonly #spoken = new Set<ScramMechanism>();
  readonly #services: AuthenticationServices;
  readonly #hashing: PasswordHashing;

  constructor(services: AuthenticationServices, hashing: PasswordHashing) {
    this.#services = services;
    this.#hashing = hashing;
  }

  /** @returns undefined for one that could not be made; `problems` says why */
  async method(
    method: AuthenticationMethodConfiguration,
    index: number,
  ): Promise<AuthenticationMethod | undefined> {
    const at: KeyPath = ['methods', index];
    try {
      return await this.#make(method, at);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  async #make(
    method: AuthenticationMethodConfiguration,
    at: KeyPath,
  ): Promise<AuthenticationMethod | undefined> {
    switch (method.type) {
      case 'passwordFile':
        return this.#passwordFile(method, at);
      case 'certificate':
      case 'psk':
        return new TransportIdentityMethod(
          method.type,
          this.#services.usernameFrom ?? (() => 'connect'),
          false,
        );
      case 'jwt':
        return this.#jwt(method, at);
      case 'http':
        return this.#http(method, at);
      case 'scram':
        return this.#scram(method, at);
      case 'dynamicSecurity':
        if (this.#services.dynamicSecurity === undefined)
          throw this.#problem(at, 'no-dynamic-security', 'expected the section "dynamicSecurity", got none');
        return this.#services.dynamicSecurity;
    }
  }

  async #passwordFile(
    { file, skipBadLines }: PasswordFileConfiguration,
    at: KeyPath,
  ): Promise<PasswordFileMethod> {
    const { secret } = this.#services.memory;
    this.files.push(file);
    const users = await readPasswordFileUsers(file, {
      key: this.#key([...at, 'file']),
      skipBadLines,
      secret,
    });
    this.problems.push(...users.notices);
    return new PasswordFileMethod(users, this.#hashing);
  }

  async #scram({ file, mechanisms }: ScramConfiguration, at: KeyPath): Promise<ScramMethod> {
    this.files.push(file);
    if (mechanisms.every((each) => this.#spoken.has(each)))
      this.problems.push({
        ...this.#placeOf(at),
        key: this.#key(at),
        severity: 'notice',
        code: 'never-asked',
        text: 'expected mechanisms that no method before it has, got the same: it is never asked, since SCRAM does not show who is there',
      });
    for (const each of mechanisms) this.#spoken.add(each);
    const users = await readScramUsers(file, this.#key([...at, 'file']), this.#services.memory.secret);
    this.problems.push(...users.notices);
    return new ScramMethod(users, { mechanisms });
  }

  async #jwt(method: JwtConfiguration, at: KeyPath): Promise<JwtMethod> {
    const { clock } = this.#services;
    const { keyFile, secretFile, jwksUrl, algorithms } = method;
    if (keyFile === null && secretFile === null && jwksUrl === null)
      throw this.#problem(at, 'no-keys', 'expected keyFile, secretFile or jwksUrl, got none of them');
    const ofSecrets = algorithms.filter((each) => each.startsWith('HS'));
    if ((secretFile === null) !== (ofSecrets.length === 0))
      throw this.#problem(
        [...at, 'algorithms'],
        'no-keys',
        secretFile === null
          ? `expected secretFile for ${ofSecrets.join(', ')}, which have no public keys, got none`
          : 'expected HS256, HS384 or HS512 for secretFile, got none of them',
      );
    const secret = secretFile === null ? undefined : await this.#secret(secretFile, at);
    const keys: TokenKeySource[] = [];
    if (keyFile !== null) keys.push(await this.#keyFile(keyFile, method, at));
    if (jwksUrl !== null) keys.push(await this.#jwks(jwksUrl, method, at));
    return new JwtMethod(await import('jose'), { secret, keys }, method, clock);
  }

  async #secret(path: string, at: KeyPath): Promise<Uint8Array> {
    this.files.push(path);
    const { secret, notice } = await readSecretFile(path, this.#key([...at, 'secretFile']));
    if (notice !== undefined) this.problems.push(notice);
    return secret;
  }

  async #keyFile(path: string, { algorithms }: JwtConfiguration, at: KeyPath): Promise<KeyFileSource> {
    this.files.push(path);
    const key = this.#key([...at, 'keyFile']);
    const keys = await readKeyFile(path, key);
    const usable = keys.flatMap((each) => each.algorithms);
    if (!algorithms.some((each) => usable.includes(each)))
      throw this.#problem(
        [...at, 'algorithms'],
        'no-keys',
        `expected one that the keys in ${path} are for (${[...new Set(usable)].join(', ')}), got ${algorithms.join(', ')}`,
      );
    return new KeyFileSource(keys);
  }

  async #jwks(url: string, method: JwtConfiguration, at: KeyPath): Promise<JwksSource> {
    const { clock, log } = this.#services;
    const ca = await this.#pem(method.caFile, [...at, 'caFile']);
    this.#checkPair({ ca }, at);
    const service = new HttpService({
      url: this.#url(url, [...at, 'jwksUrl']),
      timeoutMs: method.timeoutMs,
      maximumBytes: LARGEST_JWKS,
      connections: 1,
      tls: { ca },
      clock,
    });
    return new JwksSource(service, method, clock, log);
  }

  async #http(method: HttpConfiguration, at: KeyPath): Promise<HttpMethod> {
    const { clock, log } = this.#services;
    const headers: Record<string, string> = {};
    for (const [index, { name, valueFile }] of method.headers.entries()) {
      this.files.push(valueFile);
      headers[name] = await headerFrom(valueFile, this.#key([...at, 'headers', index, 'valueFile']));
    }
    if ((method.certificateFile === null) !== (method.keyFile === null))
      throw this.#problem(
        at,
        'incomplete-certificate',
        'expected certificateFile and keyFile, got one of them',
      );
    const tls: HttpTls = {
      ca: await this.#pem(method.caFile, [...at, 'caFile']),
      cert: await this.#pem(method.certificateFile, [...at, 'certificateFile']),
      key: await this.#pem(method.keyFile, [...at, 'keyFile']),
    };
    this.#checkPair(tls, at);
    const service = new HttpService({
      url: this.#url(method.url, [...at, 'url']),
      timeoutMs: method.timeoutMs,
      maximumBytes: LARGEST_ANSWER,
      connections: method.concurrency,
      tls,
      clock,
    });
    return new HttpMethod(service, headers, method, clock, log);
  }

  async #pem(path: string | null, at: KeyPath): Promise<Uint8Array | undefined> {
    if (path === null) return undefined;
    this.files.push(path);
    const { bytes } = await readListedFile(path, this.#key(at), LARGEST_PEM);
    if (!Buffer.from(bytes).includes('-----BEGIN '))
      throw new ConfigurationError([
        {
          file: path,
          line: undefined,
          key: this.#key(at),
          severity: 'error',
          code: 'not-pem',
          text: 'expected PEM, got something else',
        },
      ]);
    return bytes;
  }

  /** OpenSSL would say so at the first connection only. */
  #checkPair({ ca, cert, key }: HttpTls, at: KeyPath): void {
    if (ca === undefined && cert === undefined) return;
    try {
      createSecureContext({ ca: pemText(ca), cert: pemText(cert), key: pemText(key) });
    } catch (cause) {
      throw this.#problem(
        at,
        'bad-certificate',
        'expected a certificate and the key that belongs to it, and certificates in caFile, got something else',
        cause,
      );
    }
  }

  #url(text: string, at: KeyPath): URL {
    const { url, problem } = readServiceUrl(text);
    if (url === undefined) throw this.#problem(at, 'bad-url', problem);
    return url;
  }

  #key(path: KeyPath): string {
    return keyText([...(this.#services.at ?? ['authentication']), ...path]);
  }

  #problem(path: KeyPath, code: string, text: string, cause?: unknown): ConfigurationError {
    const key = this.#key(path);
    return new ConfigurationError([{ ...this.#placeOf(path), key, severity: 'error', code, text }], {
      cause,
    });
  }

  #placeOf(path: KeyPath): Pick<ConfigurationProblem, 'file' | 'line' | 'column'> {
    const { source, at = ['authentication'] } = this.#services;
    return source?.placeOf([...at, ...path]) ?? { file: 'configuration', line: undefined };
  }
}

function pemText(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
}
