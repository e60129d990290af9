/** A picture on the terminal: messages and keys go in, the screen is drawn some times a second. */
import type { CommandIo } from '../command.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import type { Key } from '../terminal/keyboard.ts';
import { Keyboard } from '../terminal/keyboard.ts';
import { Screen } from '../terminal/screen.ts';
import type { TextStyle } from '../text-style.ts';
import type { Output, PictureOwner } from './output.ts';
import type { Picture } from './picture.ts';

/** Between two drawings for messages, in ms. Keys are answered at once. */
const REDRAWN_AFTER_MS = 200;
/** The signal has stopped the process by then, in ms of its running. */
const STOPPED_WITHIN_MS = 50;
/** So long a notice is shown, in ms. */
const NOTICE_MS = 8000;

export class PictureOutput implements Output {
  readonly #picture: Picture;
  readonly #io: CommandIo;
  readonly #owner: PictureOwner;
  readonly #screen: Screen;
  readonly #keyboard: Keyboard;
  readonly #isQuiet: boolean;
  #notice: { readonly text: string; readonly untilMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #hasEnded = false;

  /** @param isQuiet nothing is said at the end */
  constructor(picture: Picture, io: CommandIo, style: TextStyle, owner: PictureOwner, isQuiet: boolean) {
    this.#picture = picture;
    this.#io = io;
    this.#owner = owner;
    this.#isQuiet = isQuiet;
    this.#screen = new Screen(io.stdout, style, () => this.#draw());
    this.#keyboard = new Keyboard(io.stdin, (key) => this.#onKey(key));
  }

  /** Nothing yet: a password may still be asked for, and a connection refused. */
  start(): void {}

  connected(): void {
    if (!this.#hasEnded && !this.#screen.isOpen && !this.#isStopped) this.#open();
  }

  message(message: ReceivedMessage, wallMs: number): void {
    this.#picture.message(message, this.#io.nowMs(), wallMs);
  }

  tell(text: string): boolean {
    if (!this.#screen.isOpen) return false;
    this.#notice = { text, untilMs: this.#io.nowMs() + NOTICE_MS };
    this.#draw();
    return true;
  }

  /** What has just been told would be gone with the screen. */
  async end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (!this.#screen.isOpen) return;
    this.#close();
    if (this.#isQuiet) return;
    const { programName, stderr } = this.#io;
    const nowMs = this.#io.nowMs();
    const notice = this.#noticeAt(nowMs);
    if (notice !== undefined) stderr.write(`${programName}: ${notice}\n`);
    stderr.write(`${programName}: ${this.#picture.summary()}\n`);
  }

  #open(): void {
    this.#screen.open();
    this.#keyboard.open();
    this.#timer = setInterval(() => this.#draw(), REDRAWN_AFTER_MS);
    if (!this.#keyboard.isOpen) this.tell('no keys: standard input is no terminal; Ctrl-C ends');
    this.#draw();
  }

  #close(): void {
    clearInterval(this.#timer);
    this.#keyboard.close();
    this.#screen.close();
  }

  /** Until the shell lets it go on. Where no shell is, nothing stops, and the picture is there again at once. */
  #stop(): void {
    this.#isStopped = true;
    this.#close();
    process.kill(process.pid, 'SIGTSTP');
    setTimeout(() => {
      this.#isStopped = false;
      if (!this.#hasEnded) this.#open();
    }, STOPPED_WITHIN_MS);
  }

  #noticeAt(nowMs: number): string | undefined {
    return this.#notice !== undefined && nowMs < this.#notice.untilMs ? this.#notice.text : undefined;
  }

  #draw(): void {
    const nowMs = this.#io.nowMs();
    this.#screen.draw(this.#picture.lines(this.#screen.size, nowMs, this.#noticeAt(nowMs)));
  }

  #onKey(key: Key): void {
    // What the terminal makes of this key otherwise, it leaves to whoever reads keys.
    if (key === 'ctrl-c') {
      process.kill(process.pid, 'SIGINT');
      return;
    }
    if (key === 'ctrl-z' && process.platform !== 'win32') {
      this.#stop();
      return;
    }
    if (key === 'ctrl-l') this.#screen.clear();
    const wish = this.#picture.key(key, this.#screen.size, this.#io.nowMs());
    if (wish?.kind === 'quit') this.#owner.onQuit();
    else if (wish?.kind === 'removeRetained') this.#owner.onRemoveRetained(wish.topicName);
    this.#draw();
  }
}
