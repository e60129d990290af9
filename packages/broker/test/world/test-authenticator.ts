/** An authenticator that does what a test tells it: at once, or later when the test answers. */
import type {
  AuthenticationAnswer,
  AuthenticationAttempt,
  Authenticator,
} from '../../src/core/ports/authenticator.ts';
import type { World } from './world.ts';

/** What an attempt was when it was shown: the object itself changes from step to step. */
export type ShownAttempt = Readonly<AuthenticationAttempt> & { readonly shown: AuthenticationAttempt };

export class TestAuthenticator implements Authenticator {
  /** Every call, as it came. */
  readonly attempts: ShownAttempt[] = [];
  readonly #decide: (attempt: AuthenticationAttempt) => AuthenticationAnswer | undefined;
  readonly #open: ((answer: AuthenticationAnswer) => void)[] = [];

  /** @param decide answers at once, or undefined: then `answer` does. @default never answers at once */
  constructor(
    decide: (attempt: AuthenticationAttempt) => AuthenticationAnswer | undefined = () => undefined,
  ) {
    this.#decide = decide;
  }

  authenticate(
    attempt: AuthenticationAttempt,
    answer: (answer: AuthenticationAnswer) => void,
  ): AuthenticationAnswer | undefined {
    this.attempts.push({ ...attempt, shown: attempt });
    const atOnce = this.#decide(attempt);
    if (atOnce === undefined) this.#open.push(answer);
    return atOnce;
  }

  /** Answers the oldest question that is open; the question stays answered. */
  answer(world: World, answer: AuthenticationAnswer): void {
    const oldest = this.#open.shift();
    if (oldest === undefined) throw new Error('the authenticator was not asked');
    oldest(answer);
    world.turn();
  }
}
