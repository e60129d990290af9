/** Why a handshake of TLS failed, in words: OpenSSL's names are known to few. */

/** What a code means. The codes are those of Node.js: OpenSSL's reasons in capitals, alerts of the client among them. */
const MEANINGS: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    'the client trusts another CA than the one that signed our certificate (unknown ca)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the client says that our certificate has expired',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    'the client does not accept our certificate (certificate unknown): another host name, or a CA that it does not trust',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE:
    'the client does not accept our certificate (bad certificate): another host name, or a CA that it does not trust',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'the client says that our certificate is revoked',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: 'the client does not accept certificates of this kind',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: 'the client refused to go on (access denied)',
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: 'the client could not check our answer: another pre-shared key?',
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'the client had an error of its own (internal error)',
  ERR_SSL_TLSV1_ALERT_USER_CANCELLED: 'the client gave up (user cancelled)',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'the client speaks no version of TLS that the server speaks',
  ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY: 'the client demands stronger ciphers',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    'the client found nothing in common with the server (handshake failure)',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'the client says that our certificate has another name',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client speaks only versions of TLS older than `minimumVersion`',
  ERR_SSL_VERSION_TOO_LOW: 'the client speaks only versions of TLS older than `minimumVersion`',
  ERR_SSL_UNKNOWN_PROTOCOL: 'the client speaks a version of TLS that is not known here',
  ERR_SSL_NO_SHARED_CIPHER: 'the client offers no cipher that the server allows',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'the client accepts no signature that our certificate can make',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'the client offers no key exchange that the server allows',
  ERR_SSL_NO_SUITABLE_GROUPS: 'the client offers no key exchange that the server allows',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'the client asks by ALPN for protocols that are not in `alpn`',
  ERR_SSL_HTTP_REQUEST: 'the client speaks HTTP without TLS, and this listener expects TLS',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'the client takes this listener for an HTTP proxy',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'what came is no TLS: a client that connects without TLS, or a PROXY header where none is expected',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the client sent no certificate, and the listener requires one',
  ERR_SSL_PSK_IDENTITY_NOT_FOUND: 'the client named an identity that is not in the PSK file',
  ERR_SSL_BINDER_DOES_NOT_VERIFY: 'the pre-shared key of the client is another than the one in the PSK file',
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: 'what came could not be decrypted: another pre-shared key?',
  ERR_SSL_DIGEST_CHECK_FAILED: 'what came could not be decrypted: another pre-shared key?',
  ERR_SSL_UNEXPECTED_MESSAGE: 'what came does not belong into a handshake of TLS',
  ERR_SSL_BAD_RECORD_TYPE: 'what came is no TLS, or was damaged on its way',
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'the client closed the connection during the handshake',
  ECONNRESET: 'the client closed the connection during the handshake',
  EPIPE: 'the client closed the connection during the handshake',
};

/** What OpenSSL found wrong with a client's certificate. */
const CERTIFICATE_MEANINGS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet: is the clock right?',
  CERT_REVOKED: 'it is revoked',
  CERT_REJECTED: 'it is put together in a way that is not understood',
  CERT_UNTRUSTED: 'its CA is not trusted',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
  CRL_HAS_EXPIRED: 'the revocation list of its CA has expired: put a new one in its place',
  CRL_NOT_YET_VALID: 'the revocation list of its CA is not valid yet: is the clock right?',
  CRL_SIGNATURE_FAILURE: 'the signature of the revocation list of its CA is wrong',
  UNSUPPORTED_NAME_SYNTAX: 'a CA of its chain constrains names, which cannot be checked here',
  UNABLE_TO_GET_CRL: 'there is no revocation list of its CA in the files that are given',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself, and by none of our CAs',
  SELF_SIGNED_CERT_IN_CHAIN: 'none of our CAs stands at the end of its chain',
  UNABLE_TO_GET_ISSUER_CERT: 'none of our CAs stands at the end of its chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it was signed by none of our CAs, or a certificate between is missing',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it was signed by none of our CAs, or a certificate between is missing',
  INVALID_CA: 'it was signed by a certificate that is none of a CA',
  INVALID_PURPOSE: 'it is not for clients (extended key usage)',
  PATH_LENGTH_EXCEEDED: 'its chain is longer than one of its CAs allows',
};

/** What some of them mean where the server has no certificate, and a client of TLS 1.3 offers no key that is known. */
const PSK_MEANINGS: Readonly<Record<string, string>> = {
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM:
    'the client has no pre-shared key, or named an identity that is not in the PSK file',
  ERR_SSL_NO_SHARED_CIPHER: 'the client offers no cipher of pre-shared keys: does it have one?',
};

/**
 * @param code Of the error that Node.js gives.
 * @param isPsk The server has pre-shared keys, and no certificate.
 */
export function handshakeFailureText(code: string | undefined, isPsk: boolean): string {
  if (code === undefined) return 'the handshake of TLS failed';
  return (
    (isPsk ? PSK_MEANINGS[code] : undefined) ?? MEANINGS[code] ?? `the handshake of TLS failed (${code})`
  );
}

/** @param code of the verification, such as `CERT_HAS_EXPIRED` */
export function certificateRefusalText(code: string): string {
  const meaning = CERTIFICATE_MEANINGS[code];
  return `the certificate of the client is not accepted: ${meaning === undefined ? code : `${meaning} (${code})`}`;
}
