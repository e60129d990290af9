/** Whose messages wait in a queue. */
export interface SessionOwner {
  readonly kind: 'session';
  readonly clientId: string;
}

export interface ShareOwner {
  readonly kind: 'share';
  readonly shareName: string;
  readonly topicFilter: string;
}

export type QueueOwner = SessionOwner | ShareOwner;
