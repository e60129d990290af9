/** Why a message did not reach a recipient. The numbers index tables within one process and are never kept or sent. */
export const DropReason = {
  OutboxFull: 0,
  ConnectionClosed: 1,
  OfflineQos0: 2,
  QueueFullDroppedOldest: 3,
  QueueFullDroppedNewest: 4,
  GroupFull: 5,
  GroupWithoutMembers: 6,
  Expired: 7,
  PacketTooLarge: 8,
  SessionEnded: 9,
  NoMatchingSubscribers: 10,
  NotAuthorized: 11,
  RetainedLimit: 12,
  TotalBudget: 13,
  RefusedBySubscriber: 14,
  NotRestored: 15,
  NotKept: 16,
  StoredDamaged: 17,
  QueueFullRejected: 18,
  Superseded: 19,
  IncomingRate: 20,
  OutgoingRate: 21,
  NotAuthorizedToReceive: 22,
  OutsideMountPoint: 23,
  PayloadTooLarge: 24,
} as const;

export type DropReason = (typeof DropReason)[keyof typeof DropReason];

/** One row of {@link DROP_REASONS}. */
export interface DropReasonRow {
  readonly reason: DropReason;
  /** Stable, for machines. */
  readonly code: string;
  /** A limit was reached; it came too late or lost its recipient; a rule says so; nobody wanted it. */
  readonly kind: 'limit' | 'late' | 'rule' | 'nobody';
  /** Whose client identifier is noted with it. */
  readonly noted: 'recipient' | 'publisher';
  /** What happened. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy: string;
}

function row(
  reason: DropReason,
  code: string,
  kind: DropReasonRow['kind'],
  noted: DropReasonRow['noted'],
  text: string,
  remedy: string,
): DropReasonRow {
  return { reason, code, kind, noted, text, remedy };
}

/** Every reason, at its own index. */
export const DROP_REASONS: readonly DropReasonRow[] = [
  row(
    DropReason.OutboxFull,
    'outbox-full',
    'limit',
    'recipient',
    'A QoS 0 message was dropped because the client reads more slowly than messages arrive and its outbox was full.',
    'Let the client read faster or subscribe to less, subscribe at QoS 1 so that messages wait, or raise the outbox limit.',
  ),
  row(
    DropReason.ConnectionClosed,
    'connection-closed',
    'late',
    'recipient',
    'A QoS 0 message was still in the outbox when the network connection ended.',
    'Nothing, if the client may miss some; otherwise publish and subscribe at QoS 1.',
  ),
  row(
    DropReason.OfflineQos0,
    'offline-qos0',
    'rule',
    'recipient',
    'A QoS 0 message came while the client was not connected; only QoS 1 and 2 wait for it.',
    'Publish and subscribe at QoS 1, or have the broker queue QoS 0 messages too.',
  ),
  row(
    DropReason.QueueFullDroppedOldest,
    'queue-full-dropped-oldest',
    'limit',
    'recipient',
    'The queue of the session was full, and its oldest message made room for a new one.',
    'Let the client connect and read more often, let messages expire, or raise the limit of queued messages or bytes.',
  ),
  row(
    DropReason.QueueFullDroppedNewest,
    'queue-full-dropped-newest',
    'limit',
    'recipient',
    'The queue of the session was full, and the new message was not added to it.',
    'Let the client connect and read more often, let messages expire, or raise the limit of queued messages or bytes.',
  ),
  row(
    DropReason.GroupFull,
    'group-full',
    'limit',
    'recipient',
    'The queue of a shared subscription was full: its members took less than came in.',
    'Add members, let them connect, let messages expire, or raise the limit of queued messages or bytes.',
  ),
  row(
    DropReason.GroupWithoutMembers,
    'group-without-members',
    'late',
    'recipient',
    'A shared subscription lost its last member while messages still waited for one.',
    'Keep one member subscribed with a session that outlives its connection.',
  ),
  row(
    DropReason.Expired,
    'expired',
    'late',
    'recipient',
    'The Message Expiry Interval passed before the message could be sent.',
    'Publish with a longer Message Expiry Interval, or let the client connect sooner.',
  ),
  row(
    DropReason.PacketTooLarge,
    'packet-too-large',
    'limit',
    'recipient',
    'The PUBLISH packet would be larger than the Maximum Packet Size that the client stated.',
    'Let the client state a larger Maximum Packet Size, or publish smaller messages.',
  ),
  row(
    DropReason.SessionEnded,
    'session-ended',
    'late',
    'recipient',
    'The session ended, by expiry or by a clean start, while the message waited or was in flight.',
    'Connect with a longer Session Expiry Interval and without Clean Start.',
  ),
  row(
    DropReason.NoMatchingSubscribers,
    'no-matching-subscribers',
    'nobody',
    'publisher',
    'No subscription matched the topic name.',
    'Compare the topic name with the filters of those who should get it; both are case-sensitive.',
  ),
  row(
    DropReason.NotAuthorized,
    'not-authorized',
    'rule',
    'publisher',
    'The client may not publish to this topic.',
    'Grant the right, or correct the topic name.',
  ),
  row(
    DropReason.RetainedLimit,
    'retained-limit',
    'limit',
    'publisher',
    'The message was routed but not retained, because as many messages or bytes are retained as may be.',
    'Clear retained messages that nobody needs, let them expire, or raise the limit of retained messages or bytes.',
  ),
  row(
    DropReason.TotalBudget,
    'total-budget',
    'limit',
    'recipient',
    'The broker as a whole keeps as many bytes in memory as it may, and this message was chosen to make room.',
    'Find the queues that grow, raise the byte budget, or add memory.',
  ),
  row(
    DropReason.RefusedBySubscriber,
    'refused-by-subscriber',
    'rule',
    'recipient',
    'The client answered the PUBLISH with a failure, so the message is not sent to it again.',
    'The reason code is in the log; look for the cause in the client.',
  ),
  row(
    DropReason.NotRestored,
    'not-restored',
    'limit',
    'recipient',
    'The message had been kept, but after a restart with a lower limit its topic name has too many levels.',
    'Raise the limit of topic levels to what it was before the message is needed again.',
  ),
  row(
    DropReason.NotKept,
    'not-kept',
    'limit',
    'publisher',
    'The message was refused, or at QoS 0 routed but not retained, because the store could keep nothing or kept as many bytes as it may.',
    'Look in the log for the trouble of the store, such as a full disk; or raise the limit of stored bytes.',
  ),
  row(
    DropReason.StoredDamaged,
    'stored-damaged',
    'late',
    'recipient',
    'The message had been kept, but its bytes on the disk are not those that were written.',
    'The log names the file and the place; check the disk, and look for more of it with martlet store check.',
  ),
  row(
    DropReason.QueueFullRejected,
    'queue-full-rejected',
    'limit',
    'publisher',
    'The message was refused before anything was done with it, because the queue of a recipient is full and its policy is to reject.',
    'Let the recipient read faster or be online, raise the limit of its queue, or choose another policy for this topic.',
  ),
  row(
    DropReason.Superseded,
    'superseded',
    'rule',
    'recipient',
    'A newer message of the same topic took its place in the queue, whose policy is to keep the latest.',
    'Nothing, unless every message counts: then choose another queue policy for this topic.',
  ),
  row(
    DropReason.IncomingRate,
    'incoming-rate',
    'limit',
    'publisher',
    'The client, its user, listener or address published more than its rate allows, and what exceeds it is dropped.',
    'Publish less, raise the rate, or let whenExceeded be wait, so that nothing is dropped.',
  ),
  row(
    DropReason.OutgoingRate,
    'outgoing-rate',
    'limit',
    'recipient',
    'A QoS 0 message was dropped because more is sent to the client, its user, listener or address than its rate allows.',
    'Subscribe at QoS 1 so that messages wait, subscribe to less, or raise the rate.',
  ),
  row(
    DropReason.NotAuthorizedToReceive,
    'not-authorized-to-receive',
    'rule',
    'recipient',
    'The client has a subscription that matches, but may not receive messages of this topic.',
    'Grant the right to receive, or let the client subscribe to what it may have.',
  ),
  row(
    DropReason.OutsideMountPoint,
    'outside-mount-point',
    'rule',
    'recipient',
    'The client came through a listener with a mount point, and the topic is not under it.',
    'Let the client use one listener always, or end its session when it changes to another.',
  ),
  row(
    DropReason.PayloadTooLarge,
    'payload-too-large',
    'limit',
    'publisher',
    'The payload of the message is larger than a message may be here.',
    'Publish smaller messages, or raise the limit messageSize.',
  ),
];
