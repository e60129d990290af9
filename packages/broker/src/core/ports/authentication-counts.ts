/** What an authenticator says of its work: how many it let in, and refused, and why. */

/** Since the start; each only rises. */
export interface AuthenticationCounts {
  readonly accepted: number;
  readonly refused: number;
  readonly bannedRefused: number;
  readonly busyRefused: number;
  readonly unavailableRefused: number;
  readonly bansGiven: number;
  readonly flappingBansGiven: number;
  readonly delayed: number;
}

export interface AuthenticationCountRow {
  readonly name: keyof AuthenticationCounts;
  /** One line for people. */
  readonly text: string;
}

/** Every member of {@link AuthenticationCounts}, in its order. */
export const AUTHENTICATION_COUNTERS: readonly AuthenticationCountRow[] = [
  { name: 'accepted', text: 'Clients let in, and those that have authenticated again.' },
  { name: 'refused', text: 'Clients refused for their credentials.' },
  { name: 'bannedRefused', text: 'Clients refused without a look at their credentials: they are banned.' },
  { name: 'busyRefused', text: 'Clients refused because too many passwords were being checked.' },
  {
    name: 'unavailableRefused',
    text: 'Clients refused because what decides about them could not be asked.',
  },
  { name: 'bansGiven', text: 'Bans for failures.' },
  { name: 'flappingBansGiven', text: 'Bans for connecting too often.' },
  { name: 'delayed', text: 'Refusals that were told later, because others had gone before.' },
];

/** Of a broker whose authenticator says nothing, or that has none. */
export const NOTHING_AUTHENTICATED: Readonly<AuthenticationCounts> = {
  accepted: 0,
  refused: 0,
  bannedRefused: 0,
  busyRefused: 0,
  unavailableRefused: 0,
  bansGiven: 0,
  flappingBansGiven: 0,
  delayed: 0,
};
