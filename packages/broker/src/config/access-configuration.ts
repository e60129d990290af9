/** Who may connect and what they may do, resolved. What each key means stands in tables/authentication-rows.ts and tables/authorization-rows.ts. */
import type { QoS } from '../core/publish/message.ts';

export interface AuthenticationConfiguration {
  readonly anonymous: boolean;
  readonly methods: readonly AuthenticationMethodConfiguration[];
  readonly hashing: HashingConfiguration;
  readonly failures: FailuresConfiguration;
  readonly flapping: FlappingConfiguration | null;
}

export type AuthenticationMethodConfiguration =
  | PasswordFileConfiguration
  | CertificateMethodConfiguration
  | PskMethodConfiguration
  | JwtConfiguration
  | HttpConfiguration
  | ScramConfiguration
  | DynamicSecurityMethodConfiguration;

export interface PasswordFileConfiguration {
  readonly type: 'passwordFile';
  readonly file: string;
  readonly skipBadLines: boolean;
}

export interface CertificateMethodConfiguration {
  readonly type: 'certificate';
}

export interface PskMethodConfiguration {
  readonly type: 'psk';
}

export interface DynamicSecurityMethodConfiguration {
  readonly type: 'dynamicSecurity';
}

export type JwtAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA';

export interface JwtConfiguration {
  readonly type: 'jwt';
  /** Public keys: PEM, a JWK or a JWKS. */
  readonly keyFile: string | null;
  /** For the algorithms HS256, HS384 and HS512. */
  readonly secretFile: string | null;
  readonly jwksUrl: string | null;
  /** What the certificate of `jwksUrl` is checked against. Null: the system's. */
  readonly caFile: string | null;
  readonly algorithms: readonly JwtAlgorithm[];
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly usernameClaim: string;
  readonly clientIdClaim: string | null;
  readonly groupsClaim: string | null;
  readonly permissionsClaim: string;
  readonly requireExpiry: boolean;
  readonly clockToleranceSeconds: number;
  readonly cacheSeconds: number;
  readonly cooldownSeconds: number;
  readonly timeoutMs: number;
}

export interface HttpConfiguration {
  readonly type: 'http';
  readonly url: string;
  readonly format: 'json' | 'form';
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly queue: number;
  readonly cacheSeconds: number;
  readonly cacheEntries: number;
  readonly whenDown: 'refuse' | 'next' | 'allow';
  readonly retryAfterSeconds: number;
  readonly headers: readonly HttpHeaderConfiguration[];
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}

/** The value is in a file, since it is mostly a secret. */
export interface HttpHeaderConfiguration {
  readonly name: string;
  readonly valueFile: string;
}

export interface ScramConfiguration {
  readonly type: 'scram';
  readonly file: string;
  readonly mechanisms: readonly ('SCRAM-SHA-256' | 'SCRAM-SHA-512')[];
}

export interface HashingConfiguration {
  readonly concurrency: number;
  readonly queue: number;
}

export type FailureKey = 'user' | 'clientId' | 'address';

export interface FailuresConfiguration {
  readonly delayMs: number;
  readonly maximumDelayMs: number;
  /** 0: nobody is banned. */
  readonly banAfter: number;
  readonly withinSeconds: number;
  readonly banSeconds: number;
  readonly by: readonly FailureKey[];
  /** CIDR blocks of addresses that are never banned. */
  readonly exempt: readonly string[];
}

export interface FlappingConfiguration {
  readonly connects: number;
  readonly withinSeconds: number;
  readonly banSeconds: number;
}

export interface AuthorizationConfiguration {
  readonly default: 'allow' | 'deny';
  readonly methods: readonly AuthorizationMethodConfiguration[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Those of the method `rules`. */
  readonly rules: readonly RuleConfiguration[];
}

export type AuthorizationMethodConfiguration =
  | AclFileConfiguration
  | { readonly type: 'rules' }
  | DynamicSecurityMethodConfiguration
  | { readonly type: 'token' };

export interface AclFileConfiguration {
  readonly type: 'aclFile';
  readonly file: string;
  readonly denySubscribe: boolean;
}

export type RuleAction = 'publish' | 'subscribe' | 'receive' | 'unsubscribe';

/** Either `allow` or `deny` is there, never both. */
export interface RuleConfiguration {
  readonly allow: readonly RuleAction[] | null;
  readonly deny: readonly RuleAction[] | null;
  readonly topics: readonly string[];
  readonly who: RuleSubjectConfiguration;
  /** At most this QoS. Null: any. */
  readonly qos: QoS | null;
  /** Whether messages may, or must not, be retained. Null: either. */
  readonly retain: boolean | null;
}

/** All that are given must hold; of a list, one entry. Null: does not matter. */
export interface RuleSubjectConfiguration {
  readonly users: readonly string[] | null;
  readonly groups: readonly string[] | null;
  readonly clientIds: readonly string[] | null;
  readonly addresses: readonly string[] | null;
  readonly certificates: readonly string[] | null;
  readonly listeners: readonly string[] | null;
  readonly anonymous: boolean | null;
}

export interface DynamicSecurityConfiguration {
  readonly file: string;
  readonly initialPasswordFile: string | null;
}
