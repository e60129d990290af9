/**
 * Mosquitto's dynamic security: who may connect and what they may do, in one JSON file, changed while the broker runs by
 * commands to `$CONTROL/dynamic-security/v1`.
 *
 *     const security = await DynamicSecurity.open({ file: '/var/lib/martlet/dynamic-security.json' }, { log, hashing });
 *     const authenticator = …; // with security.authentication among its methods
 *     const authorizer = …;    // with security.authorization among its methods
 *     const detach = security.attach(broker);
 *
 * One state serves both methods. A change takes effect once it is on the disk; what cannot be written is answered with an
 * error and has changed nothing. A file that somebody else has changed is read before the next command, and by `reload`.
 */
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import type { Log } from '../../core/ports/log.ts';
import type { AuthenticationMethod } from '../authentication/authentication-method.ts';
import type { AuthorizationMethod } from '../authorization/authorization-method.ts';
import type { PasswordHash } from '../password-hash.ts';
import { hashPassword } from '../password-hash.ts';
import type { PasswordHashing } from '../password-hashing.ts';
import type { CommandAnswer } from './command-message.ts';
import { answerText, refusalText, runMessage } from './command-message.ts';
import type { ControlledBroker, MessageOutcome } from './control-channel.ts';
import { ControlChannel } from './control-channel.ts';
import { Draft } from './draft.ts';
import { firstState } from './first-state.ts';
import { SecurityAuthentication } from './security-authentication.ts';
import { SecurityAuthorization } from './security-authorization.ts';
import type { ReadSecurityFile } from './security-file.ts';
import { SecurityFile, systemReason, writeSynced } from './security-file.ts';
import type { SecurityView } from './security-state.ts';
import type { ReadState } from './state-reading.ts';
import { readState } from './state-reading.ts';
import { stateText } from './state-text.ts';

export interface DynamicSecurityOptions {
  /** It is made, with a client `admin`, if it is not there. */
  readonly file: string;
  /** The first line is the password of `admin` when the file is made. @default null, none */
  readonly initialPasswordFile?: string | null;
}

export interface DynamicSecurityServices {
  readonly log: Log;
  /** Closed by whoever made it. */
  readonly hashing: PasswordHashing;
  /** In which `MOSQUITTO_DYNSEC_PASSWORD` may be. @default empty */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const NOBODY: ReadonlySet<string | undefined> = new Set();
/** Of commands of one message, that the log names. */
const MOST_LOGGED = 20;

export class DynamicSecurity {
  readonly authentication: AuthenticationMethod;
  readonly authorization: AuthorizationMethod;
  readonly #file: SecurityFile;
  readonly #log: Log;
  readonly #channels = new Set<ControlChannel>();
  #state: SecurityView;
  #notices: readonly ConfigurationProblem[];
  /** What is done with the file is done one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    file: SecurityFile,
    read: { readonly state: SecurityView; readonly notices: readonly ConfigurationProblem[] },
    { log, hashing }: DynamicSecurityServices,
  ) {
    this.#file = file;
    this.#state = read.state;
    this.#notices = read.notices;
    this.#log = log;
    this.authentication = new SecurityAuthentication(() => this.#state, hashing);
    this.authorization = new SecurityAuthorization(() => this.#state);
  }

  /** @throws {ConfigurationError} if the file cannot be read, or written; with all that is wrong in it */
  static async open(
    options: DynamicSecurityOptions,
    services: DynamicSecurityServices,
  ): Promise<DynamicSecurity> {
    const file = new SecurityFile(options.file);
    await file.checkWritable();
    const read = await file.read();
    if (read !== undefined) {
      const known = knownFrom(read, options.file);
      file.take(read.stamp);
      return new DynamicSecurity(file, known, services);
    }
    const state = await begin(file, options, services);
    return new DynamicSecurity(file, { state, notices: [] }, services);
  }

  /**
   * Reads the file and says what is worth knowing about it, without making or changing anything.
   * @throws {ConfigurationError} with all that is wrong in it
   */
  static async check({ file }: DynamicSecurityOptions): Promise<readonly ConfigurationProblem[]> {
    const read = await new SecurityFile(file).read();
    if (read !== undefined) return knownFrom(read, file).notices;
    const notice = 'there is no such file yet: it will be made, with a client "admin"';
    return [
      {
        file,
        line: undefined,
        key: 'dynamicSecurity.file',
        severity: 'notice',
        code: 'file-will-be-made',
        text: notice,
      },
    ];
  }

  /** To be watched. */
  get files(): readonly string[] {
    return [this.#file.path];
  }

  get notices(): readonly ConfigurationProblem[] {
    return this.#notices;
  }

  /** What is in force. */
  get state(): SecurityView {
    return this.#state;
  }

  /**
   * Takes commands from this broker, until the function that it returns is called. A channel is bounded: what comes while too
   * much waits is answered with an error.
   */
  attach(broker: ControlledBroker): () => void {
    const channel = new ControlChannel(broker, this, this.#log);
    this.#channels.add(channel);
    return () => {
      this.#channels.delete(channel);
      channel.close();
    };
  }

  /** Carries out the commands of one message, after those of all messages before it. @param by such as `console/admin`, for the log */
  handle(payload: Uint8Array, by: string): Promise<MessageOutcome> {
    return this.#inTurn(() => this.#handle(payload, by));
  }

  async #handle(payload: Uint8Array, by: string): Promise<MessageOutcome> {
    let outside: ReadonlySet<string | undefined> = NOBODY;
    try {
      outside = await this.#takeOutsideChange();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      // Written over, what somebody has put there would be gone.
      const text = refusalText(`The file was changed and cannot be read: ${error.message}`);
      return { text, kicked: NOBODY, hasChanged: false };
    }
    const draft = new Draft(this.#state);
    const answer = await runMessage(payload, draft, hash);
    const failure = draft.hasChanges ? await this.#keep(draft) : null;
    this.#logDone(answer, by, failure);
    const responses = failure === null ? answer.responses : answer.refusing(failure);
    const kicked = failure === null ? new Set([...outside, ...draft.kicked]) : outside;
    return {
      text: answerText(responses),
      kicked,
      hasChanged: (draft.hasChanges && failure === null) || outside !== NOBODY,
    };
  }

  /** @returns why it cannot be kept; then it is not in force */
  async #keep(draft: Draft): Promise<string | null> {
    try {
      await this.#file.write(stateText(draft.state));
    } catch (error) {
      const reason = systemReason(error);
      this.#log.write(
        'error',
        'dynamic-security-not-kept',
        `dynsec: ${this.#file.path} cannot be written: ${reason}; nothing was changed`,
      );
      return `The change cannot be kept (${reason}): nothing was changed`;
    }
    this.#state = draft.state;
    return null;
  }

  /**
   * Reads the file if somebody else has changed it; clients that are changed or gone are disconnected.
   * @returns whether it was
   * @throws {ConfigurationError} if it cannot be read; what was in force stays
   */
  async reload(): Promise<boolean> {
    const kicked = await this.#inTurn(() => this.#takeOutsideChange());
    if (kicked === NOBODY) return false;
    for (const channel of this.#channels) channel.takeEffect(kicked);
    return true;
  }

  /** @returns who is concerned, or `NOBODY` itself if it is the same file as before */
  async #takeOutsideChange(): Promise<ReadonlySet<string | undefined>> {
    if (!(await this.#file.hasChanged())) return NOBODY;
    const read = await this.#file.read();
    if (read === undefined) return NOBODY;
    const { state, notices } = knownFrom(read, this.#file.path);
    this.#file.take(read.stamp);
    const before = this.#state;
    this.#state = state;
    this.#notices = notices;
    this.#log.write('notice', 'dynamic-security-read', `dynsec: ${this.#file.path} was changed and is read`);
    return changedClients(before, state);
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }

  #logDone({ done }: CommandAnswer, by: string, failure: string | null): void {
    if (failure !== null) return;
    for (const { command, changes, names } of done.slice(0, MOST_LOGGED)) {
      const what = `${command}${names === '' ? '' : ` | ${names}`}`;
      this.#log.write(changes ? 'notice' : 'info', 'dynamic-security-command', `dynsec: ${by} | ${what}`);
    }
    const more = done.length - MOST_LOGGED;
    if (more > 0)
      this.#log.write('notice', 'dynamic-security-command', `dynsec: ${by} | and ${more} more commands`);
  }

  /** Takes no more commands; fulfils when what is under way is on the disk. */
  async close(): Promise<void> {
    for (const channel of this.#channels) channel.close();
    this.#channels.clear();
    await this.#last;
  }
}

/** @throws {ConfigurationError} with all that is wrong in it */
function knownFrom({ text, notices }: ReadSecurityFile, file: string): ReadState {
  const read = readState(text, file);
  return { state: read.state, notices: [...notices, ...read.notices] };
}

async function begin(
  file: SecurityFile,
  { initialPasswordFile = null }: DynamicSecurityOptions,
  { log, environment = {} }: DynamicSecurityServices,
): Promise<SecurityView> {
  const { state, passwords } = await firstState({ initialPasswordFile, environment, hash });
  // First, since without it nobody could ever connect as one of them.
  if (passwords !== null) await writeSynced(`${file.path}.pw`, passwords);
  await file.write(stateText(state));
  const where = passwords === null ? '' : `; the passwords are in ${file.path}.pw`;
  log.write(
    'notice',
    'dynamic-security-made',
    `dynsec: ${file.path} was made, with a client "admin"${where}`,
  );
  return state;
}

function hash(password: string): Promise<PasswordHash> {
  return hashPassword(new TextEncoder().encode(password), 'sha512-pbkdf2');
}

/** Those that differ, or are gone; their roles and groups are looked up anew in any case. */
function changedClients(before: SecurityView, after: SecurityView): ReadonlySet<string | undefined> {
  const changed = new Set<string | undefined>();
  for (const [username, client] of before.clients)
    if (JSON.stringify(client) !== JSON.stringify(after.clients.get(username))) changed.add(username);
  if (before.anonymousGroup !== after.anonymousGroup) changed.add(undefined);
  return changed;
}
