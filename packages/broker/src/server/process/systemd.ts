/**
 * What systemd hands to a service and wants to be told by it: sockets that are open already, readiness, reloads, the end, and signs of
 * life. Node.js has no Unix datagrams, so the program `systemd-notify` speaks for the process, and the unit needs
 * `NotifyAccess=all`. Without systemd all of it does nothing.
 */
import { execFile } from 'node:child_process';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The first descriptor that systemd hands over. */
const FIRST_DESCRIPTOR = 3;

/** A socket that systemd has opened. */
export interface ActivatedSocket {
  readonly descriptor: number;
  /** `FileDescriptorName=` of the socket unit; `unknown` if it has none. */
  readonly name: string;
}

/** The sockets that are this process's own; none where they were meant for another one. */
export function activatedSockets(env: Environment, pid: number): readonly ActivatedSocket[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = env;
  if (LISTEN_PID !== String(pid) || !/^\d{1,4}$/.test(LISTEN_FDS ?? '')) return [];
  const names = LISTEN_FDNAMES.split(':');
  return Array.from({ length: Number(LISTEN_FDS) }, (_, at) => ({
    descriptor: FIRST_DESCRIPTOR + at,
    name: names[at] === undefined || names[at] === '' ? 'unknown' : names[at],
  }));
}

export interface SystemdWorld {
  readonly env: Environment;
  readonly pid: number;
  /** Runs a program; nobody waits for it. */
  run(program: string, args: readonly string[], onFailure: (why: string) => void): void;
  /** CLOCK_MONOTONIC, in microseconds. */
  monotonicMicroseconds(): bigint;
  setTimer(callback: () => void, delayMs: number): () => void;
}

export class Systemd {
  readonly #world: SystemdWorld;
  readonly #onTrouble: (text: string) => void;
  readonly #isThere: boolean;
  #stopWatchdog: (() => void) | null;
  #hasFailed: boolean;

  /** @param onTrouble told once, if systemd cannot be told anything */
  constructor(onTrouble: (text: string) => void, world: SystemdWorld = nodeWorld()) {
    this.#world = world;
    this.#onTrouble = onTrouble;
    this.#isThere = (world.env['NOTIFY_SOCKET'] ?? '') !== '';
    this.#stopWatchdog = null;
    this.#hasFailed = false;
  }

  /** @param status one line for `systemctl status` */
  ready(status: string): void {
    this.#tell('READY=1', `MAINPID=${this.#world.pid}`, `STATUS=${status}`);
    this.#startWatchdog();
  }

  reloading(): void {
    this.#tell('RELOADING=1', `MONOTONIC_USEC=${this.#world.monotonicMicroseconds()}`);
  }

  stopping(): void {
    this.#stopWatchdog?.();
    this.#stopWatchdog = null;
    this.#tell('STOPPING=1');
  }

  /** At half the time after which systemd would take the service for dead. */
  #startWatchdog(): void {
    const { WATCHDOG_USEC, WATCHDOG_PID } = this.#world.env;
    const isOurs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(this.#world.pid);
    const periodMs = Number(WATCHDOG_USEC) / 2000;
    if (!this.#isThere || !isOurs || !(periodMs >= 1) || this.#stopWatchdog !== null) return;
    const next = (): void => {
      this.#stopWatchdog = this.#world.setTimer(() => {
        this.#tell('WATCHDOG=1');
        next();
      }, periodMs);
    };
    next();
  }

  #tell(...assignments: readonly string[]): void {
    if (!this.#isThere) return;
    this.#world.run('systemd-notify', assignments, (why) => {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#onTrouble(
        `systemd cannot be told how the broker is: systemd-notify ${why}; use Type=exec, or install it`,
      );
    });
  }
}

function nodeWorld(): SystemdWorld {
  return {
    env: process.env,
    pid: process.pid,
    run(program, args, onFailure) {
      const child = execFile(program, args, { timeout: 10_000 }, (error) => {
        if (error === null) return;
        const { code } = error;
        onFailure(code === 'ENOENT' ? 'is not installed' : `ended with ${String(code ?? error.signal)}`);
      });
      child.unref();
    },
    monotonicMicroseconds: () => process.hrtime.bigint() / 1000n,
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, Math.min(delayMs, 0x7fff_ffff)).unref();
      return () => clearTimeout(timer);
    },
  };
}
