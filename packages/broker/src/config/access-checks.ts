/** Contradictions in who may connect and what they may do. What the named files say, those who read them check. */
import { nearestName } from '../core/options/nearest-name.ts';
import type {
  AuthenticationConfiguration,
  AuthorizationConfiguration,
  HttpConfiguration,
  JwtConfiguration,
  RuleConfiguration,
} from './access-configuration.ts';
import type { Configuration } from './configuration.ts';
import type { Findings } from './findings.ts';
import type { KeyPath } from './key-path.ts';

export function checkAuthentication(
  { methods, failures }: AuthenticationConfiguration,
  path: KeyPath,
  { dynamicSecurity }: Configuration,
  findings: Findings,
): void {
  for (const [at, method] of methods.entries()) {
    const place = [...path, 'methods', at];
    switch (method.type) {
      case 'jwt':
        checkJwt(method, place, findings);
        break;
      case 'http':
        checkHttp(method, place, findings);
        break;
      case 'dynamicSecurity':
        if (dynamicSecurity === null) lacksDynamicSecurity(place, findings);
        break;
      case 'passwordFile':
      case 'certificate':
      case 'psk':
      case 'scram':
        break;
    }
  }
  if (failures.maximumDelayMs < failures.delayMs)
    findings.error(
      [...path, 'failures', 'maximumDelayMs'],
      'contradiction',
      `expected at least delayMs, ${failures.delayMs}, got ${failures.maximumDelayMs}`,
    );
}

function lacksDynamicSecurity(path: KeyPath, findings: Findings): void {
  findings.error(path, 'missing-key', 'expected the section dynamicSecurity with its file, got none');
}

function checkJwt(
  { keyFile, secretFile, jwksUrl, algorithms }: JwtConfiguration,
  path: KeyPath,
  findings: Findings,
): void {
  if (keyFile === null && secretFile === null && jwksUrl === null)
    findings.error(
      path,
      'missing-key',
      'expected keyFile, secretFile or jwksUrl, got none: what tokens are checked with',
    );
  const symmetric = algorithms.filter((each) => each.startsWith('HS'));
  if (symmetric.length > 0 && secretFile === null)
    findings.error(
      [...path, 'algorithms'],
      'contradiction',
      `expected secretFile with ${symmetric[0]}: a public key is no secret`,
    );
  if (symmetric.length === 0 && secretFile !== null)
    findings.error(
      [...path, 'secretFile'],
      'contradiction',
      'expected HS256, HS384 or HS512 among the algorithms, which alone use it',
    );
  if (symmetric.length < algorithms.length && keyFile === null && jwksUrl === null)
    findings.error(
      [...path, 'algorithms'],
      'contradiction',
      `expected keyFile or jwksUrl with ${algorithms.find((each) => !each.startsWith('HS'))}`,
    );
  if (jwksUrl !== null) noticePlainHttp(jwksUrl, [...path, 'jwksUrl'], findings);
}

function checkHttp(
  { url, certificateFile, keyFile }: HttpConfiguration,
  path: KeyPath,
  findings: Findings,
): void {
  if ((certificateFile === null) !== (keyFile === null)) {
    const [given, missing] =
      keyFile === null ? ['certificateFile', 'keyFile'] : ['keyFile', 'certificateFile'];
    findings.error([...path, given!], 'missing-key', `expected ${missing} with it, got none`);
  }
  noticePlainHttp(url, [...path, 'url'], findings);
}

function noticePlainHttp(url: string, path: KeyPath, findings: Findings): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !/^(localhost|\[::1\]|127\.[\d.]+)$/.test(hostname))
    findings.notice(
      path,
      'plain-http',
      'goes over the network without TLS: anyone on the way can read and change it',
    );
}

export function checkAuthorization(
  { methods, rules }: AuthorizationConfiguration,
  path: KeyPath,
  configuration: Configuration,
  findings: Findings,
): void {
  for (const [at, { type }] of methods.entries()) {
    if (type === 'dynamicSecurity' && configuration.dynamicSecurity === null)
      lacksDynamicSecurity([...path, 'methods', at], findings);
  }
  for (const [at, rule] of rules.entries()) checkRule(rule, [...path, 'rules', at], configuration, findings);
}

function checkRule(
  { allow, deny, who }: RuleConfiguration,
  path: KeyPath,
  { listeners }: Configuration,
  findings: Findings,
): void {
  if ((allow === null) === (deny === null))
    findings.error(
      path,
      'contradiction',
      `expected either allow or deny, got ${allow === null ? 'neither' : 'both'}`,
    );
  const names = listeners.map(({ name }) => name);
  for (const [at, name] of (who.listeners ?? []).entries()) {
    if (names.includes(name)) continue;
    const near = nearestName(name, names);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    findings.error(
      [...path, 'who', 'listeners', at],
      'unknown-name',
      `expected the name of a listener, got '${name}'${hint}`,
    );
  }
}
