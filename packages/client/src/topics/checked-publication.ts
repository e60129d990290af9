import { thenable } from './thenable.ts';
import type { TypedPublication } from './topics-client.ts';

/**
 * A publication whose value an asynchronous schema still checks: nothing has been given to the client yet. Its promises
 * are made when they are asked for, so that one that nobody wants is no unhandled rejection.
 *
 * @param checked the publication in a box: promises would unpack it, because it can be awaited itself.
 */
export function checkedPublication(checked: Promise<readonly [TypedPublication]>): TypedPublication {
  checked.catch(() => {});
  return {
    get stored() {
      return checked.then(([publication]) => publication.stored);
    },
    get sent() {
      return checked.then(([publication]) => publication.sent);
    },
    get acknowledged() {
      return checked.then(([publication]) => publication.acknowledged);
    },
    ...thenable(() => checked.then(([publication]) => publication.acknowledged)),
  };
}
