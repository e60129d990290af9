/** The entries of `authentication.methods`. */
import type {
  AuthenticationMethodConfiguration,
  HttpConfiguration,
  JwtConfiguration,
} from '../access-configuration.ts';
import type { ListRow, Table } from '../row.ts';

const JWT_ROWS: Readonly<Table<Omit<JwtConfiguration, 'type'>>> = {
  keyFile: { kind: 'path', default: null, text: 'public keys: PEM, a JWK or a JWKS' },
  secretFile: {
    kind: 'path',
    default: null,
    text: 'the secret of HS256, HS384 and HS512: the bytes of the file, without a line break at its end',
  },
  jwksUrl: { kind: 'text', form: 'url', default: null, text: 'where a JWKS with public keys is' },
  caFile: {
    kind: 'path',
    default: null,
    defaultText: "the system's",
    text: 'PEM: the authorities that certify the server of `jwksUrl`',
  },
  algorithms: {
    kind: 'list',
    of: {
      kind: 'choice',
      choices: [
        'HS256',
        'HS384',
        'HS512',
        'RS256',
        'RS384',
        'RS512',
        'PS256',
        'PS384',
        'PS512',
        'ES256',
        'ES384',
        'ES512',
        'EdDSA',
      ],
      text: 'an algorithm of JWS',
    },
    minimumEntries: 1,
    default: ['ES256', 'EdDSA', 'RS256', 'PS256'],
    defaultText: '`ES256`, `EdDSA`, `RS256`, `PS256`; with `secretFile` alone `HS256`',
    text: 'algorithms that are accepted',
  },
  issuers: {
    kind: 'list',
    of: { kind: 'text', text: 'an issuer' },
    default: [],
    defaultText: 'any',
    text: 'what `iss` may be',
  },
  audiences: {
    kind: 'list',
    of: { kind: 'text', text: 'an audience' },
    default: [],
    defaultText: 'any',
    text: 'what `aud` must have one of',
  },
  usernameClaim: {
    kind: 'text',
    form: 'plain',
    default: 'sub',
    text: 'the claim that is the user name; a user name in CONNECT must be the same',
  },
  clientIdClaim: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: 'none: any client identifier',
    text: 'the claim that the client identifier must be equal to',
  },
  groupsClaim: { kind: 'text', form: 'plain', default: null, text: 'the claim with the groups of the user' },
  permissionsClaim: {
    kind: 'text',
    form: 'plain',
    default: 'permissions',
    text: 'the claim with what the client may do, for `type: token` in `authorization.methods`',
  },
  requireExpiry: { kind: 'switch', default: true, text: 'whether a token without `exp` is refused' },
  clockToleranceSeconds: {
    kind: 'number',
    default: 5,
    minimum: 0,
    maximum: 3600,
    unit: 's',
    text: 'how far clocks may differ at `exp` and `nbf`',
  },
  cacheSeconds: {
    kind: 'number',
    default: 600,
    minimum: 1,
    maximum: 86_400,
    unit: 's',
    text: 'how long the JWKS is used before it is fetched again',
  },
  cooldownSeconds: {
    kind: 'number',
    default: 30,
    minimum: 1,
    maximum: 86_400,
    unit: 's',
    text: 'how long after a fetch an unknown key asks for no other one',
  },
  timeoutMs: {
    kind: 'number',
    default: 5000,
    minimum: 10,
    maximum: 300_000,
    unit: 'ms',
    text: 'for the JWKS to come',
  },
};

const HTTP_ROWS: Readonly<Table<Omit<HttpConfiguration, 'type'>>> = {
  url: { kind: 'text', form: 'url', text: 'what is asked, by POST' },
  format: { kind: 'choice', choices: ['json', 'form'], default: 'json', text: 'how the question is written' },
  timeoutMs: {
    kind: 'number',
    default: 5000,
    minimum: 10,
    maximum: 300_000,
    unit: 'ms',
    text: 'for the answer to come',
  },
  concurrency: {
    kind: 'number',
    default: 32,
    minimum: 1,
    maximum: 10_000,
    unit: 'requests',
    text: 'questions under way at once',
  },
  queue: {
    kind: 'number',
    default: 1000,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'requests',
    text: 'questions that wait; a further client is refused with 0x89 Server busy (return code 3 before MQTT 5.0)',
  },
  cacheSeconds: {
    kind: 'number',
    default: 0,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    text: 'how long an answer is remembered; 0: not',
  },
  cacheEntries: {
    kind: 'number',
    default: 10_000,
    minimum: 1,
    maximum: 10_000_000,
    unit: 'answers',
    text: 'answers that are remembered at most',
  },
  whenDown: {
    kind: 'choice',
    choices: ['refuse', 'next', 'allow'],
    default: 'refuse',
    text: 'what follows when no answer comes: 0x88 Server unavailable, the next method is asked, or everyone may connect',
  },
  retryAfterSeconds: {
    kind: 'number',
    default: 5,
    minimum: 0,
    maximum: 3600,
    unit: 's',
    text: 'how long after five failures in a row nothing is asked',
  },
  headers: {
    kind: 'list',
    of: {
      kind: 'section',
      text: 'a header',
      keys: {
        name: {
          kind: 'text',
          pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
          expected: 'the name of an HTTP header',
          text: 'its name, such as `Authorization`',
        },
        valueFile: { kind: 'path', text: 'a file whose first line is its value' },
      },
    },
    default: [],
    text: 'headers that the question carries',
  },
  caFile: {
    kind: 'path',
    default: null,
    defaultText: "the system's",
    text: 'PEM: the authorities that certify the service',
  },
  certificateFile: { kind: 'path', default: null, text: 'PEM: our certificate towards the service' },
  keyFile: { kind: 'path', default: null, text: 'PEM: its key' },
};

export const AUTHENTICATION_METHODS_ROW: Readonly<
  ListRow<readonly AuthenticationMethodConfiguration[], AuthenticationMethodConfiguration>
> = {
  kind: 'list',
  entryKey: 'type',
  default: [],
  text: 'who decides whether a client may connect, asked in this order; the first definite answer counts, and without any a client with a user name is refused',
  of: {
    kind: 'variants',
    text: 'a method of authentication',
    variants: {
      passwordFile: {
        text: "users and hashes of their passwords, in Mosquitto's format; `martlet passwd` writes it",
        keys: {
          file: { kind: 'path', text: 'the password file' },
          skipBadLines: {
            kind: 'switch',
            default: false,
            text: 'whether a line that cannot be read is left out with a notice, as by Mosquitto 2.0, and is no error',
          },
        },
      },
      certificate: {
        text: 'whoever has a client certificate, when the listener takes the user name from it',
        keys: {},
      },
      psk: {
        text: 'whoever has a pre-shared key, when the listener takes the user name from its identity',
        keys: {},
      },
      jwt: { text: 'a JSON Web Token as the password', keys: JWT_ROWS },
      http: { text: 'a service of your own', keys: HTTP_ROWS },
      scram: {
        text: 'SCRAM over AUTH of MQTT 5.0',
        keys: {
          file: { kind: 'path', text: 'users, as `martlet passwd --scram` writes them' },
          mechanisms: {
            kind: 'list',
            of: {
              kind: 'choice',
              choices: ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
              text: 'a mechanism of SCRAM',
            },
            minimumEntries: 1,
            default: ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
            text: 'mechanisms that are accepted',
          },
        },
      },
      dynamicSecurity: { text: 'the clients of `dynamicSecurity`', keys: {} },
    },
  },
};
