/** What a disk store holds, in figures. */
export interface DiskStoreStats {
  readonly sessions: number;
  readonly messages: number;
  /** Payload bytes of these. */
  readonly messageBytes: number;
  /** What waits or is in flight, each message once for each queue. */
  readonly queued: number;
  readonly retained: number;
  readonly files: number;
  readonly fileBytes: number;
  /** What of that is needed, about. */
  readonly liveBytes: number;
  /** Messages that were lost because what was read was not what had been written. */
  readonly damagedMessages: number;
}
