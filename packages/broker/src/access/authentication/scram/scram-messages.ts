/** The messages of a SCRAM client (RFC 5802, section 7), strictly: what is not in them as the RFC says is no message. */

export interface ClientFirst {
  /** `n,,` and the like: what `c=` of the last message must repeat. */
  readonly header: string;
  /** The message without it. */
  readonly bare: string;
  readonly username: string;
  readonly nonce: string;
}

export interface ClientFinal {
  /** The message without its proof. */
  readonly withoutProof: string;
  /** Decoded from base64. */
  readonly binding: string;
  readonly nonce: string;
  readonly proof: Uint8Array;
}

/** Bytes. A user name has up to 65,535 in MQTT; no file that `martlet passwd` writes has so long a one. */
export const LONGEST_MESSAGE = 4096;

/** Why a message is none; told to the client. */
export interface MessageProblem {
  readonly problem: string;
}

export function parseClientFirst(bytes: Uint8Array | undefined): ClientFirst | MessageProblem {
  const text = textOf(bytes);
  if (text === undefined) return { problem: 'expected n,,n=<user>,r=<nonce> in UTF-8' };
  if (/^p=/.test(text)) return { problem: 'channel binding is not offered here' };
  const [, header, authorization, bare, name, nonce] =
    /^([ny],(?:a=([^,]*))?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]{1,256})(?:,.*)?)$/s.exec(text) ?? [];
  if (header === undefined || bare === undefined || nonce === undefined)
    return { problem: 'expected n,,n=<user>,r=<nonce>' };
  const username = nameFrom(name);
  if (username === undefined) return { problem: "expected a user name in which ',' is =2C and '=' is =3D" };
  if (authorization !== undefined && nameFrom(authorization) !== username)
    return { problem: 'nobody may act as another user here' };
  return { header, bare, username, nonce };
}

export function parseClientFinal(bytes: Uint8Array | undefined): ClientFinal | MessageProblem {
  const [, withoutProof, bindingText = '', nonce = '', proofText = ''] =
    /^(c=([A-Za-z0-9+/]+={0,2}),r=([\x21-\x2b\x2d-\x7e]{1,512})(?:,[^m].*)?),p=([A-Za-z0-9+/]+={0,2})$/s.exec(
      textOf(bytes) ?? '',
    ) ?? [];
  if (withoutProof === undefined) return { problem: 'expected c=<binding>,r=<nonce>,p=<proof>' };
  return {
    withoutProof,
    binding: Buffer.from(bindingText, 'base64').toString(),
    nonce,
    proof: new Uint8Array(Buffer.from(proofText, 'base64')),
  };
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length > LONGEST_MESSAGE) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @returns undefined for one that is empty, or has a `=` that stands for nothing */
function nameFrom(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || /=(?!2C|3D)/.test(text) || /\p{Cc}/u.test(text)) return undefined;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
