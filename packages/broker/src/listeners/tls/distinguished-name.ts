/**
 * Names of subjects and issuers as RFC 2253 writes them, the most specific part first: `CN=sensor\, east,O=Example,C=GB`.
 * It is what Mosquitto's `use_subject_as_username` takes, and `openssl x509 -subject -nameopt RFC2253` shows.
 */

/**
 * From the form in which Node.js gives a name: a line per part, the least specific first, special characters escaped as in
 * RFC 2253 except those that are not ASCII, and ` + ` between the values of one part.
 */
export function rfc2253Name(lines: string | undefined): string {
  return (lines ?? '')
    .split('\n')
    .reverse()
    .map((part) => part.split(' + ').reverse().join('+'))
    .map(escapeNonAscii)
    .join(',');
}

/** One value of a name, escaped. */
export function escapeNameValue(value: string): string {
  const escaped = value
    .replace(/[,+"\\<>;]|^[ #]| $/g, (character) => `\\${character}`)
    .replace(/[\x00-\x1f\x7f]/g, hexEscape);
  return escapeNonAscii(escaped);
}

function escapeNonAscii(text: string): string {
  return text.replace(/[^\x00-\x7f]+/g, hexEscape);
}

/** The bytes of UTF-8, each as `\C3`. */
function hexEscape(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
