import { readRecords } from '../../../../src/stores/disk/records/record-reader.ts';
import type { RecordVisitor } from '../../../../src/stores/disk/records/record-visitor.ts';

/** One record as a call: the method's name and its arguments. */
export type ShownRecord = {
  [Name in keyof RecordVisitor]: readonly [name: Name, ...values: Parameters<RecordVisitor[Name]>];
}[keyof RecordVisitor];

export const RECORD_NAMES: readonly (keyof RecordVisitor)[] = [
  'session',
  'sessionGone',
  'subscription',
  'subscriptionGone',
  'received',
  'receivedGone',
  'share',
  'queueGone',
  'message',
  'expiry',
  'clockMoved',
  'clock',
  'push',
  'sent',
  'done',
  'retained',
  'retainedGone',
];

/** A visitor that notes every call down. */
export function notingVisitor(into: ShownRecord[]): RecordVisitor {
  const methods = RECORD_NAMES.map((name) => [
    name,
    (...values: unknown[]) => into.push([name, ...values] as unknown as ShownRecord),
  ]);
  return Object.fromEntries(methods) as RecordVisitor;
}

/** The records that these bytes hold. */
export function shownRecords(meta: Uint8Array): ShownRecord[] {
  const shown: ShownRecord[] = [];
  readRecords(meta, notingVisitor(shown));
  return shown;
}

/** Calls the visitor's method of each record. */
export function showAll(records: readonly ShownRecord[], visitor: RecordVisitor): void {
  for (const [name, ...values] of records) {
    (visitor[name] as (...values: unknown[]) => void)(...values);
  }
}
