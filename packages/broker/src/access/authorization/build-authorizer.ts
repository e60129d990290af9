/**
 * Makes the authoriser of one section `authorization`: reads the files that it names and checks everything. Nothing has
 * taken effect before the result is installed; a section with an error is refused whole, with all of its errors.
 *
 *     const { authorizer, files } = await buildAuthorizer(configuration.authorization, { source });
 *     broker.reconfigure({ authorizer });
 */
import type {
  AclFileConfiguration,
  AuthorizationConfiguration,
  AuthorizationMethodConfiguration,
} from '../../config/access-configuration.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError, inOrder } from '../../config/configuration-error.ts';
import type { KeyPath } from '../../config/key-path.ts';
import { keyText } from '../../config/key-path.ts';
import type { Source } from '../../config/source.ts';
import type { Authorizer } from '../../core/ports/authorizer.ts';
import { readListedFile, textOf } from '../listed-file.ts';
import { AclFile } from './acl-file.ts';
import { AclFileMethod } from './acl-file-method.ts';
import type { AuthorizationMethod } from './authorization-method.ts';
import { ComposedAuthorizer } from './composed-authorizer.ts';
import type { Rule } from './rule.ts';
import { ruleFrom } from './rule.ts';
import { RulesMethod } from './rules-method.ts';
import { TokenMethod } from './token-method.ts';

/** A file of a million lines has some 30 MB. */
export const MAXIMUM_ACL_FILE_BYTES: number = 64 * 1024 * 1024;

export interface AuthorizerServices {
  /** Where the keys stand, for errors and for the rules of explanations. @default they stand nowhere */
  readonly source?: Source;
  /** Where in it this section stands. @default `authorization` */
  readonly at?: KeyPath;
  /** What `type: dynamicSecurity` means. @default it is an error of the configuration */
  readonly dynamicSecurity?: AuthorizationMethod;
}

export interface BuiltAuthorizer {
  readonly authorizer: Authorizer;
  /** That were read; when one of them changes, it is built anew. */
  readonly files: readonly string[];
  readonly notices: readonly ConfigurationProblem[];
  /** Lets go of what it holds; it may still be asked. */
  close(): void;
}

/** @throws {ConfigurationError} with everything that is wrong with the section and its files */
export async function buildAuthorizer(
  configuration: AuthorizationConfiguration,
  services: AuthorizerServices = {},
): Promise<BuiltAuthorizer> {
  const building = new AuthorizerBuilding(configuration, services);
  const methods = await building.methods();
  const errors = building.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new ConfigurationError(inOrder(errors));
  const place = building.placeOf(['default']);
  const authorizer = new ComposedAuthorizer(methods, {
    default: configuration.default,
    defaultRule: { source: place.file, line: place.line, text: `default: ${configuration.default}` },
  });
  return { authorizer, files: building.files, notices: building.problems, close: () => {} };
}

class AuthorizerBuilding {
  readonly files: string[] = [];
  readonly problems: ConfigurationProblem[] = [];
  readonly #configuration: AuthorizationConfiguration;
  readonly #services: AuthorizerServices;
  readonly #at: KeyPath;

  constructor(configuration: AuthorizationConfiguration, services: AuthorizerServices) {
    this.#configuration = configuration;
    this.#services = services;
    this.#at = services.at ?? ['authorization'];
  }

  /** Those that could be made; `problems` says what is wrong with the others. */
  async methods(): Promise<readonly AuthorizationMethod[]> {
    const { methods, rules } = this.#configuration;
    const asksRules = methods.some(({ type }) => type === 'rules');
    const checked = this.#rules();
    if (rules.length > 0 && !asksRules)
      this.#add(
        ['methods'],
        'notice',
        'rules-not-asked',
        'expected "type: rules" among the methods: the rules are not asked',
      );
    const made: AuthorizationMethod[] = [];
    for (const [index, method] of methods.entries()) {
      const one = await this.#method(method, index, checked);
      if (one !== undefined) made.push(one);
    }
    return made;
  }

  placeOf(path: KeyPath): {
    readonly file: string;
    readonly line: number | undefined;
    readonly column?: number;
  } {
    return (
      this.#services.source?.placeOf([...this.#at, ...path]) ?? { file: 'configuration', line: undefined }
    );
  }

  async #method(
    method: AuthorizationMethodConfiguration,
    index: number,
    rules: readonly Rule[],
  ): Promise<AuthorizationMethod | undefined> {
    switch (method.type) {
      case 'aclFile':
        return this.#aclFile(method, index);
      case 'rules':
        return new RulesMethod(rules);
      case 'token':
        return new TokenMethod();
      case 'dynamicSecurity':
        if (this.#services.dynamicSecurity === undefined)
          this.#add(
            ['methods', index],
            'error',
            'no-dynamic-security',
            'expected the section "dynamicSecurity", got none',
          );
        return this.#services.dynamicSecurity;
    }
  }

  async #aclFile(
    { file, denySubscribe }: AclFileConfiguration,
    index: number,
  ): Promise<AclFileMethod | undefined> {
    const key = keyText([...this.#at, 'methods', index, 'file']);
    this.files.push(file);
    try {
      const text = textOf(await readListedFile(file, key, MAXIMUM_ACL_FILE_BYTES), key);
      const acl = AclFile.parse(text, file);
      this.problems.push(...acl.notices);
      return new AclFileMethod(acl, { denySubscribe });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.problems.push(...error.problems);
      return undefined;
    }
  }

  #rules(): readonly Rule[] {
    const { rules, groups } = this.#configuration;
    return rules.map((rule, index) => {
      const { file, line } = this.placeOf(['rules', index]);
      return ruleFrom(rule, { index, groups, source: file, line }, (path, text) =>
        this.#add(['rules', index, ...path], 'error', 'bad-rule', text),
      );
    });
  }

  #add(path: KeyPath, severity: 'error' | 'notice', code: string, text: string): void {
    this.problems.push({ ...this.placeOf(path), key: keyText([...this.#at, ...path]), severity, code, text });
  }
}
