/**
 * Whether a client certificate is signed by our authorities, where what OpenSSL says is not enough:
 *
 * - It has expired, and that does not matter (`checkClientDates: false`). Node.js has no switch for that.
 * - An authority of its chain has no revocation list, which matters for the last one only, as with Mosquitto. Node.js asks all of them.
 *
 * OpenSSL keeps only the last thing it found wrong with a chain: behind these an unknown issuer may hide, or a revocation. So the chain
 * is built again here: names, signatures, the right to sign, the length of the path, the purpose, dates, and the revocation lists are
 * checked. Constraints on names are not: a chain that has some is refused. Revocation lists are the operator's own files, so
 * their signatures are not checked here.
 */
import type { X509Certificate } from 'node:crypto';
import type { DerElement } from './der.ts';
import { DerTag, derElements, readDer } from './der.ts';
import type { RevocationList } from './revocation-list.ts';
import { serialDigits } from './revocation-list.ts';

/** Longer chains are nobody's. */
const MAXIMUM_DEPTH = 8;
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';
const ANY_PURPOSE = '2.5.29.37.0';
/** id-ce-basicConstraints, 2.5.29.19, in DER. */
const BASIC_CONSTRAINTS: Readonly<Buffer> = Buffer.from('0603551d13', 'hex');
/** id-ce-nameConstraints, 2.5.29.30, in DER. */
const NAME_CONSTRAINTS: Readonly<Buffer> = Buffer.from('0603551d1e', 'hex');

export interface TrustAnchors {
  readonly authorities: readonly X509Certificate[];
  /** Empty: nobody is revoked. */
  readonly revocationLists: readonly RevocationList[];
}

/**
 * @param presented What the client sent besides its certificate.
 * @param checkDates Whether certificates may have expired, or be not yet valid. Revocation lists may not.
 * @param wallMs The time now.
 * @returns OpenSSL's code of what is wrong, or undefined
 * @throws {Error} for certificates that are put together in odd ways
 */
export function chainProblem(
  certificate: X509Certificate,
  presented: readonly X509Certificate[],
  anchors: TrustAnchors,
  checkDates: boolean,
  wallMs: number,
): string | undefined {
  const purposes = certificate.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && !purposes.includes(CLIENT_AUTHENTICATION) && !purposes.includes(ANY_PURPOSE))
    return 'INVALID_PURPOSE';
  let current = certificate;
  if (checkDates && !isInDate(current, wallMs)) return 'CERT_HAS_EXPIRED';
  for (let depth = 0; depth < MAXIMUM_DEPTH; depth++) {
    const authority = issuerOf(current, anchors.authorities);
    const issuer = authority ?? issuerOf(current, presented);
    if (issuer === undefined) return 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY';
    if (!issuer.ca) return 'INVALID_CA';
    if (issuer.raw.includes(NAME_CONSTRAINTS as Buffer)) return 'UNSUPPORTED_NAME_SYNTAX';
    if (depth > pathLengthOf(issuer)) return 'PATH_LENGTH_EXCEEDED';
    if (checkDates && !isInDate(issuer, wallMs)) return 'CERT_HAS_EXPIRED';
    const revocation = revocationProblem(current, anchors.revocationLists, depth === 0, wallMs);
    if (revocation !== undefined) return revocation;
    // A root signs itself: the chain ends at one of ours, and nowhere else.
    if (authority !== undefined && isSelfIssued(authority)) return undefined;
    if (issuer.fingerprint256 === current.fingerprint256) return 'SELF_SIGNED_CERT_IN_CHAIN';
    current = issuer;
  }
  return 'CERT_CHAIN_TOO_LONG';
}

function issuerOf(
  certificate: X509Certificate,
  candidates: readonly X509Certificate[],
): X509Certificate | undefined {
  return candidates.find(
    (candidate) => certificate.checkIssued(candidate) && certificate.verify(candidate.publicKey),
  );
}

function isInDate({ validFrom, validTo }: X509Certificate, wallMs: number): boolean {
  return Date.parse(validFrom) <= wallMs && wallMs < Date.parse(validTo);
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

function revocationProblem(
  certificate: X509Certificate,
  lists: readonly RevocationList[],
  isOfClient: boolean,
  wallMs: number,
): string | undefined {
  if (lists.length === 0) return undefined;
  const issuer = issuerNameOf(certificate);
  const own = lists.filter((list) => list.issuer.equals(issuer));
  if (own.length === 0) return isOfClient ? 'UNABLE_TO_GET_CRL' : undefined;
  if (own.some((list) => list.revoked.has(serialDigits(certificate.serialNumber)))) return 'CERT_REVOKED';
  const isCurrent = own.some(({ nextUpdateMs }) => nextUpdateMs === undefined || nextUpdateMs > wallMs);
  return isCurrent ? undefined : 'CRL_HAS_EXPIRED';
}

/** How many certificates may stand between an authority and that of the client. */
function pathLengthOf({ raw }: X509Certificate): number {
  const extensions = derElements(signedFields(raw).at(-1)!.content)[0]!;
  const constraints = derElements(extensions.content).find(({ content }) =>
    content.subarray(0, BASIC_CONSTRAINTS.length).equals(BASIC_CONSTRAINTS as Buffer),
  );
  if (constraints === undefined) return Number.POSITIVE_INFINITY;
  const value = derElements(constraints.content).at(-1)!;
  const length = derElements(readDer(value.content, 0).content).find(({ tag }) => tag === DerTag.Integer);
  return length === undefined
    ? Number.POSITIVE_INFINITY
    : Number.parseInt(length.content.toString('hex'), 16);
}

function signedFields(raw: Buffer): readonly DerElement[] {
  return derElements(derElements(readDer(raw, 0).content)[0]!.content);
}

/** In DER. Before it in a certificate stand the version, the serial number and the algorithm. */
function issuerNameOf({ raw }: X509Certificate): Buffer {
  const fields = signedFields(raw);
  return fields[fields[0]!.tag === 0xa0 ? 3 : 2]!.bytes;
}
