/** The first byte of each record in a meta area. Part of the format: a number is never given a second meaning. */
export const RecordOp = {
  Session: 0x01,
  SessionGone: 0x02,
  Subscription: 0x03,
  SubscriptionGone: 0x04,
  Received: 0x05,
  ReceivedGone: 0x06,
  Share: 0x07,
  QueueGone: 0x08,
  Message: 0x10,
  Expiry: 0x11,
  Push: 0x12,
  Sent: 0x13,
  Done: 0x14,
  ClockMoved: 0x15,
  Clock: 0x16,
  Retained: 0x18,
  RetainedGone: 0x19,
} as const;
export type RecordOp = (typeof RecordOp)[keyof typeof RecordOp];

/** Bits of the session record's flags. */
export const SessionFlag = { Disconnected: 1, Will: 2 } as const;

/** Bits of the will's flags; the lower two are its QoS. */
export const WillFlag = { Retain: 4, Expires: 8 } as const;

/** Bits of a message's and of a push record's flags; the lower two are the QoS. */
export const MessageFlag = { Retain: 4 } as const;
export const PushFlag = { Retain: 4, Identifiers: 8, Share: 16 } as const;

/** Bits of a subscription's options, as in MQTT 5 (section 3.8.3.1); the lower two are its QoS. */
export const SubscriptionFlag = { NoLocal: 4, RetainAsPublished: 8, RetainHandlingShift: 4 } as const;
