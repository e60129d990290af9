/** Who holds a store; what a second one is told. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When it took the store, in ISO 8601. */
  readonly since: string;
}
