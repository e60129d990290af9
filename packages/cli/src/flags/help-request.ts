/** The words of a command line ask for its help or for its version instead of its work. */
export class HelpRequest extends Error {
  override readonly name = 'HelpRequest';
  readonly wants: 'help' | 'version';

  constructor(wants: 'help' | 'version') {
    super(`${wants} was asked for`);
    this.wants = wants;
  }
}
