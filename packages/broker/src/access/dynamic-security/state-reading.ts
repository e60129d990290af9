/**
 * The state from the JSON file: of Mosquitto 2.0 and 2.1, and of `mosquitto_ctrl dynsec init`. What is wrong with it is told by
 * the way to the value, such as `clients[2].roles[0].rolename`.
 *
 * A name that is listed twice (an old Mosquitto could write such files) counts once, with what it says first, and is told.
 */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import type { KeyPath } from '../../config/key-path.ts';
import { keyText } from '../../config/key-path.ts';
import type { PasswordHash } from '../password-hash.ts';
import { parsePasswordHash } from '../password-hash.ts';
import { NO_PRIORITY } from './command-fields.ts';
import { lineOfJsonFault } from './json-fault.ts';
import { JsonFields } from './json-fields.ts';
import type { RoleAcl } from './role-acl.ts';
import { aclTypeFrom, inOrderOfAsking, isValidAclTopic, priorityFrom } from './role-acl.ts';
import type {
  DefaultAccess,
  GroupUse,
  RoleUse,
  SecurityClient,
  SecurityRole,
  StoredPassword,
} from './security-state.ts';
import { DEFAULT_ACCESS, inOrderOfUse, SecurityState } from './security-state.ts';

export interface ReadState {
  readonly state: SecurityState;
  readonly notices: readonly ConfigurationProblem[];
}

/** Errors, and notices, of one file that are told. */
const MOST_PROBLEMS = 100;

/** @throws {ConfigurationError} with all that is wrong with it */
export function readState(text: string, file: string): ReadState {
  const reading = new StateReading(file);
  reading.read(text);
  if (reading.errors.length > 0) throw new ConfigurationError(reading.errors);
  return { state: reading.state, notices: reading.notices };
}

const CLIENT_KEYS: readonly string[] = [
  ...['username', 'clientid', 'textname', 'textdescription', 'disabled', 'roles', 'groups'],
  ...['encoded_password', 'password', 'salt', 'iterations'],
];

class StateReading {
  readonly state: SecurityState = new SecurityState();
  readonly errors: ConfigurationProblem[] = [];
  readonly notices: ConfigurationProblem[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  read(text: string): void {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      const line = lineOfJsonFault(text);
      const problem = 'expected JSON: what stands here cannot stand here';
      this.errors.push({
        file: this.#file,
        line,
        key: '',
        severity: 'error',
        code: 'bad-json',
        text: problem,
      });
      return;
    }
    const root = JsonFields.of(value);
    if (root === undefined) {
      this.#error([], 'expected an object with "clients", "groups" and "roles"');
      return;
    }
    this.#readDefaultAccess(root);
    // What is named must be known: roles before clients, and both before groups.
    for (const [at, role] of this.#objects(root, ['roles'])) this.#readRole(role, at);
    for (const [at, client] of this.#objects(root, ['clients'])) this.#readClient(client, at);
    for (const [at, group] of this.#objects(root, ['groups'])) this.#readGroup(group, at);
    this.#readAnonymousGroup(root);
    this.state.changeIndex = Math.max(0, root.number('changeIndex', 0));
    const known = ['defaultACLAccess', 'clients', 'groups', 'roles', 'anonymousGroup', 'changeIndex'];
    this.#noticeUnknown(root, [], known);
  }

  #readDefaultAccess(root: JsonFields): void {
    if (!root.has('defaultACLAccess')) return;
    const fields = JsonFields.of(root.get('defaultACLAccess'));
    if (fields === undefined) {
      this.#error(['defaultACLAccess'], 'expected an object');
      return;
    }
    const access: Record<keyof DefaultAccess, boolean> = { ...DEFAULT_ACCESS };
    for (const type of Object.keys(access) as (keyof DefaultAccess)[]) {
      const allow = fields.get(type);
      if (typeof allow === 'boolean') access[type] = allow;
      else if (allow !== undefined)
        this.#error(['defaultACLAccess', type], `expected true or false, got ${shown(allow)}`);
    }
    this.state.defaultAccess = access;
  }

  #readRole(fields: JsonFields, at: KeyPath): void {
    const rolename = this.#name(fields, at, 'rolename', this.state.roles);
    if (rolename === undefined) return;
    const role: SecurityRole = {
      rolename,
      ...this.#texts(fields, at),
      allowWildcardSubs: fields.boolean('allowwildcardsubs', true),
      acls: this.#acls(fields, at),
    };
    this.state.roles.set(rolename, role);
    this.#noticeUnknown(fields, at, ['rolename', 'textname', 'textdescription', 'allowwildcardsubs', 'acls']);
  }

  #acls(fields: JsonFields, at: KeyPath): readonly RoleAcl[] {
    const acls = new Map<string, RoleAcl>();
    for (const [path, each] of this.#objects(fields, [...at, 'acls'])) {
      const acltype = aclTypeFrom(each.string('acltype') ?? '');
      const topic = each.string('topic');
      if (acltype === undefined)
        this.#error([...path, 'acltype'], `expected a type of ACL, got ${shown(each.get('acltype'))}`);
      else if (topic === undefined || !isValidAclTopic(topic))
        this.#error([...path, 'topic'], `expected a topic filter, got ${shown(each.get('topic'))}`);
      else {
        const priority = priorityFrom(each.get('priority'), 0);
        const key = `${acltype} ${topic}`;
        if (acls.has(key))
          this.#notice(path, 'listed-twice', `expected ${shown(key)} once: the first counts`);
        else acls.set(key, { acltype, topic, priority, allow: each.boolean('allow', false) });
      }
    }
    return inOrderOfAsking([...acls.values()]);
  }

  #readClient(fields: JsonFields, at: KeyPath): void {
    const username = this.#name(fields, at, 'username', this.state.clients);
    if (username === undefined) return;
    const clientid = fields.string('clientid');
    const client: SecurityClient = {
      username,
      clientid: clientid === '' ? undefined : clientid,
      ...this.#texts(fields, at),
      disabled: fields.boolean('disabled', false),
      roles: this.#roleUses(fields, at),
      groups: [],
      password: this.#password(fields, at),
    };
    this.state.clients.set(username, client);
    this.#noticeUnknown(fields, at, CLIENT_KEYS);
  }

  #password(fields: JsonFields, at: KeyPath): StoredPassword | undefined {
    const encoded = fields.string('encoded_password');
    if (encoded !== undefined) {
      const hash = parsePasswordHash(encoded);
      if (hash !== undefined) return { hash, isLegacy: false };
      this.#error([...at, 'encoded_password'], 'expected a hash such as $7$1000$…, got something else');
      return undefined;
    }
    if (!fields.has('password')) return undefined;
    const hash = legacyHash(fields);
    if (hash !== undefined) return { hash, isLegacy: true };
    this.#error([...at, 'password'], 'expected "password", "salt" (in base64) and "iterations" of a hash');
    return undefined;
  }

  #readGroup(fields: JsonFields, at: KeyPath): void {
    const groupname = this.#name(fields, at, 'groupname', this.state.groups);
    if (groupname === undefined) return;
    this.state.groups.set(groupname, {
      groupname,
      ...this.#texts(fields, at),
      roles: this.#roleUses(fields, at),
    });
    for (const [path, each] of this.#objects(fields, [...at, 'clients'])) {
      const client = this.state.clients.get(each.string('username') ?? '');
      if (client === undefined) this.#unknownName([...path, 'username'], 'a client', each.get('username'));
      else if (client.groups.some((use) => use.groupname === groupname))
        this.#notice(path, 'listed-twice', 'expected each client once: the first counts');
      else {
        const use: GroupUse = { groupname, priority: priorityFrom(each.get('priority'), NO_PRIORITY) };
        this.state.clients.set(client.username, { ...client, groups: inOrderOfUse([...client.groups, use]) });
      }
    }
    this.#noticeUnknown(fields, at, ['groupname', 'textname', 'textdescription', 'roles', 'clients']);
  }

  #readAnonymousGroup(root: JsonFields): void {
    const name = root.string('anonymousGroup');
    if (name === undefined || name === '') return;
    if (this.state.groups.has(name)) this.state.anonymousGroup = name;
    else this.#error(['anonymousGroup'], `expected the name of a group, got ${shown(name)}, which is none`);
  }

  #roleUses(fields: JsonFields, at: KeyPath): readonly RoleUse[] {
    const uses = new Map<string, RoleUse>();
    for (const [path, each] of this.#objects(fields, [...at, 'roles'])) {
      const rolename = each.string('rolename') ?? '';
      if (!this.state.roles.has(rolename))
        this.#unknownName([...path, 'rolename'], 'a role', each.get('rolename'));
      else if (uses.has(rolename))
        this.#notice(path, 'listed-twice', 'expected each role once: the first counts');
      else uses.set(rolename, { rolename, priority: priorityFrom(each.get('priority'), NO_PRIORITY) });
    }
    return inOrderOfUse([...uses.values()]);
  }

  /** A name that is not known gives nobody a right: it is told, and not kept. */
  #unknownName(path: KeyPath, what: string, got: unknown): void {
    this.#notice(path, 'unknown-name', `expected the name of ${what}, got ${shown(got)}, which is none`);
  }

  /** Undefined if it is none, or was there before: then that is told. */
  #name(
    fields: JsonFields,
    at: KeyPath,
    key: string,
    known: ReadonlyMap<string, unknown>,
  ): string | undefined {
    const name = fields.string(key);
    if (name === undefined) this.#error([...at, key], `expected a name, got ${shown(fields.get(key))}`);
    else if (!known.has(name)) return name;
    else this.#notice(at, 'listed-twice', `expected ${shown(name)} once: the first counts`);
    return undefined;
  }

  #texts(
    fields: JsonFields,
    at: KeyPath,
  ): { readonly textname: string | undefined; readonly textdescription: string | undefined } {
    for (const key of ['textname', 'textdescription'])
      if (fields.has(key) && fields.string(key) === undefined)
        this.#error([...at, key], `expected text, got ${shown(fields.get(key))}`);
    return { textname: fields.string('textname'), textdescription: fields.string('textdescription') };
  }

  /** The objects of a list, whose key is the last of the path; the list need not be there. */
  *#objects(fields: JsonFields, path: KeyPath): Generator<readonly [KeyPath, JsonFields]> {
    const key = String(path.at(-1));
    if (!fields.has(key)) return;
    const list = fields.list(key);
    if (list === undefined) this.#error(path, `expected a list, got ${shown(fields.get(key))}`);
    for (const [index, entry] of (list ?? []).entries()) {
      const each = JsonFields.of(entry);
      if (each === undefined) this.#error([...path, index], `expected an object, got ${shown(entry)}`);
      else yield [[...path, index], each];
    }
  }

  #noticeUnknown(fields: JsonFields, at: KeyPath, known: readonly string[]): void {
    const lower = new Set(known.map((name) => name.toLowerCase()));
    for (const name of fields.names())
      if (!lower.has(name))
        this.#notice([...at, name], 'unknown-key', 'unknown key: it is lost when the file is written');
  }

  #error(path: KeyPath, text: string): void {
    this.#add(this.errors, path, 'error', 'bad-dynamic-security', text);
  }

  #notice(path: KeyPath, code: string, text: string): void {
    this.#add(this.notices, path, 'notice', code, text);
  }

  #add(
    list: ConfigurationProblem[],
    path: KeyPath,
    severity: ConfigurationProblem['severity'],
    code: string,
    text: string,
  ): void {
    if (list.length < MOST_PROBLEMS)
      list.push({ file: this.#file, line: undefined, key: keyText(path), severity, code, text });
  }
}

/** By way of the text that the same hash has elsewhere, so that one place knows what a hash may ask for. */
function legacyHash(fields: JsonFields): PasswordHash | undefined {
  const [password, salt] = [fields.string('password'), fields.string('salt')];
  return parsePasswordHash(`$7$${fields.number('iterations', 0)}$${salt}$${password}`);
}

/** Of a value that is wrong: short, on one line. Passwords are never given to it. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'object' && value !== null ? 'a list or an object' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
