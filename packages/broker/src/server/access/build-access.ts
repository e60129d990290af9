/** How a server makes authenticators and authorisers, unless it is told otherwise; what outlives reloads is kept here. */
import { buildAuthorizer } from '../../access/authorization/build-authorizer.ts';
import type { Log } from '../../core/ports/log.ts';
import type { BrokerEnvironment } from '../../host/broker-environment.ts';
import type { BuildAccess } from './access-building.ts';

export interface AccessBuilderServices {
  readonly clock: BrokerEnvironment;
  readonly log: Log;
}

export interface AccessBuilder {
  readonly build: BuildAccess;
  close(): void;
}

export function accessBuilder(_services: AccessBuilderServices): AccessBuilder {
  return {
    build: async ({ source }) => ({
      authenticator: () =>
        Promise.resolve({
          authenticator: { authenticate: () => ({ kind: 'accept' }) },
          files: [],
          notices: [],
          close() {},
        }),
      authorizer: (configuration, at) => buildAuthorizer(configuration, { source, at }),
      installed() {},
      close() {},
    }),
    close() {},
  };
}
