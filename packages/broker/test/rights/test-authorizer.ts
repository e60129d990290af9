import type {
  AuthorizationAnswer,
  AuthorizationRequest,
  Authorizer,
} from '../../src/core/ports/authorizer.ts';

/** Allows what a rule does not answer; notes every question; answers late what the rule calls so. */
export class TestAuthorizer implements Authorizer {
  /** Such as `publish a 1`, with an `r` for the retain flag, in order of asking. */
  readonly asked: string[] = [];
  /** What has not been answered. */
  readonly open: {
    readonly request: AuthorizationRequest;
    readonly answer: (answer: AuthorizationAnswer) => void;
  }[] = [];
  rule: (request: AuthorizationRequest) => AuthorizationAnswer | 'late' | undefined = () => undefined;

  authorize(
    request: AuthorizationRequest,
    answer: (answer: AuthorizationAnswer) => void,
  ): AuthorizationAnswer | undefined {
    const { action, topic, qos, retain } = request;
    this.asked.push(`${action} ${topic} ${qos}${retain ? 'r' : ''}`);
    const ruled = this.rule(request) ?? { allowed: true };
    if (ruled !== 'late') return ruled;
    this.open.push({ request, answer });
    return undefined;
  }

  /** Answers the oldest open question, or the one about this topic. */
  answer(answer: AuthorizationAnswer, topic?: string): void {
    const at = topic === undefined ? 0 : this.open.findIndex(({ request }) => request.topic === topic);
    const [question] = this.open.splice(at, 1);
    if (question === undefined) throw new Error('no question is open');
    question.answer(answer);
  }
}
