import type { OwnerState } from './state/owner-state.ts';

/** What is wrong in a store, or worth telling. */
export type FindingCode =
  /** A checksum, a length or an order is wrong in what was on the disk. */
  | 'damaged'
  /** A record that this version does not know, though its checksum is right. */
  | 'record-unknown'
  /** The bytes of one message are not those that were kept. */
  | 'message-damaged'
  /** A queue, or a topic's retained message, refers to a message that is not there. */
  | 'message-missing'
  /** Something belongs to a session or a shared group of which there is no record. */
  | 'owner-missing'
  /** Two messages are in flight to one session under the same packet identifier. */
  | 'packet-id-twice'
  /** The end is no whole batch and nothing proves it to have been on the disk: a crash left it, or a broker writes it now. No damage. */
  | 'torn-tail'
  /** A crash left a file that had not become a segment, or a broker is making it now. No damage. */
  | 'unfinished-file';

export interface Finding {
  readonly code: FindingCode;
  /** Whether something that was kept is not there any more as it was. */
  readonly isDamage: boolean;
  /** Name of the file; empty if it is about the store as a whole. */
  readonly file: string;
  /** Byte in the file. */
  readonly offset: number;
  /** What was expected, and what was found. */
  readonly text: string;
}

/** Findings, of which only the first many are remembered: a file full of rubbish must not fill the memory. */
export class Findings {
  static readonly REMEMBERED = 1000;

  /** The first ones. */
  readonly list: Finding[] = [];
  /** All of them. */
  count: number = 0;
  /** Those that are damage. */
  damageCount: number = 0;

  add(finding: Finding): void {
    this.count++;
    if (finding.isDamage) this.damageCount++;
    if (this.list.length < Findings.REMEMBERED) this.list.push(finding);
  }

  damage(code: FindingCode, file: string, offset: number, text: string): void {
    this.add({ code, isDamage: true, file, offset, text });
  }

  note(code: FindingCode, file: string, offset: number, text: string): void {
    this.add({ code, isDamage: false, file, offset, text });
  }
}

/** For people: that the record of an owner is lost. */
export function ownerMissingText(owner: OwnerState): string {
  return `expected the record of ${owner.text}, to whom ${owner.entryCount} messages belong`;
}
