/** A certificate revocation list (RFC 5280, section 5), as far as it is needed to tell that it has expired and whom it names. */
import type { DerElement } from './der.ts';
import { DerTag, derElements, derTimeMs, readDer } from './der.ts';

export interface RevocationList {
  /** PEM of this list alone: OpenSSL reads one from a text, and leaves the others. */
  readonly pem: string;
  /** The issuer's name in DER. */
  readonly issuer: Buffer;
  readonly thisUpdateMs: number;
  /** Undefined: it does not say. */
  readonly nextUpdateMs: number | undefined;
  /** Serial numbers in hexadecimal digits, as `X509Certificate.serialNumber` has them. */
  readonly revoked: ReadonlySet<string>;
}

const PEM_BLOCK: Readonly<RegExp> = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/g;

/**
 * Every list in a PEM text.
 * @throws {RangeError} for what is none
 */
export function parseRevocationLists(pem: string): readonly RevocationList[] {
  return [...pem.matchAll(PEM_BLOCK)].map(([block, base64 = '']) => {
    const list = parseList(Buffer.from(base64, 'base64'));
    return { pem: `${block}\n`, ...list };
  });
}

function parseList(der: Buffer): Omit<RevocationList, 'pem'> {
  const [signed] = derElements(readDer(der, 0).content);
  const fields = signed === undefined ? [] : [...derElements(signed.content)];
  if (fields[0]?.tag === DerTag.Integer) fields.shift(); // The version, of which there is one.
  const [, issuer, thisUpdate, ...rest] = fields;
  if (issuer?.tag !== DerTag.Sequence || thisUpdate === undefined)
    throw new RangeError('DER: no revocation list');
  const nextUpdate = rest[0] !== undefined && isTime(rest[0]) ? rest.shift() : undefined;
  const entries = rest[0]?.tag === DerTag.Sequence ? derElements(rest[0].content) : [];
  return {
    issuer: issuer.bytes,
    thisUpdateMs: derTimeMs(thisUpdate),
    nextUpdateMs: nextUpdate === undefined ? undefined : derTimeMs(nextUpdate),
    revoked: new Set(entries.map(({ content }) => serialText(readDer(content, 0)))),
  };
}

function isTime({ tag }: DerElement): boolean {
  return tag === DerTag.UtcTime || tag === DerTag.GeneralizedTime;
}

function serialText({ content }: DerElement): string {
  return serialDigits(content.toString('hex'));
}

/** Without the zeros in front, of which one is there for the sign and others are nobody's. */
export function serialDigits(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, '');
}
