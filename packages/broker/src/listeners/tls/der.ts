/** As much of DER as it takes to look into certificates and revocation lists: an element, its content, what follows. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly bytes: Buffer;
  /** Where the next element begins, in the bytes that were read from. */
  readonly end: number;
}

export const DerTag: Readonly<Record<'Integer' | 'Sequence' | 'UtcTime' | 'GeneralizedTime', number>> = {
  Integer: 0x02,
  Sequence: 0x30,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
};

/** @throws {RangeError} for bytes that are no DER */
export function readDer(bytes: Buffer, at: number): DerElement {
  if (at + 2 > bytes.length) throw new RangeError('DER: an element is cut off');
  const tag = bytes[at]!;
  const short = bytes[at + 1]!;
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  if (lengthBytes > 4 || short === 0x80) throw new RangeError('DER: a length is not known');
  const start = at + 2 + lengthBytes;
  if (start > bytes.length) throw new RangeError('DER: a length is cut off');
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(at + 2, lengthBytes);
  const end = start + length;
  if (end > bytes.length) throw new RangeError('DER: an element is cut off');
  return { tag, content: bytes.subarray(start, end), bytes: bytes.subarray(at, end), end };
}

/** All elements in the content of one. @throws {RangeError} */
export function derElements(content: Buffer): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < content.length; ) {
    const element = readDer(content, at);
    elements.push(element);
    at = element.end;
  }
  return elements;
}

/** A UTCTime or GeneralizedTime as ms since 1970. @throws {RangeError} */
export function derTimeMs({ tag, content }: DerElement): number {
  const text = content.toString('latin1');
  const [, year, month, day, hours, minutes, seconds] =
    /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text) ?? [];
  if (year === undefined || (tag === DerTag.UtcTime) !== (year.length === 2))
    throw new RangeError('DER: no time');
  // RFC 5280, 4.1.2.5.1: two digits from 50 on are of the last century.
  const fullYear = year.length === 4 ? Number(year) : Number(year) + (Number(year) >= 50 ? 1900 : 2000);
  return Date.UTC(fullYear, Number(month) - 1, Number(day), Number(hours), Number(minutes), Number(seconds));
}
