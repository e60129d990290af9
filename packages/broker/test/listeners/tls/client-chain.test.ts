import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../../../test/seeded-random.ts';
import type { TrustAnchors } from '../../../src/listeners/tls/client-chain.ts';
import { chainProblem } from '../../../src/listeners/tls/client-chain.ts';
import { HAS_OPENSSL, MadeAuthority } from './made-authority.ts';

const DAY_MS = 86_400_000;

describe.skipIf(!HAS_OPENSSL)('A chain that is verified again', () => {
  let root: MadeAuthority;
  let between: MadeAuthority;
  let anchors: TrustAnchors;
  let leaf: X509Certificate;
  let middle: X509Certificate;

  beforeAll(() => {
    root = new MadeAuthority('Root CA');
    between = new MadeAuthority('Between CA', root);
    leaf = new X509Certificate(between.certify('leaf').certificate);
    middle = new X509Certificate(between.certificate);
    anchors = { authorities: [new X509Certificate(root.certificate)], revocationLists: [] };
  });
  afterAll(() => root?.remove());

  test('is right with what the client presents, and not without', () => {
    expect(chainProblem(leaf, [middle], anchors, true, Date.now())).toBeUndefined();
    expect(chainProblem(leaf, [], anchors, true, Date.now())).toBe('UNABLE_TO_GET_ISSUER_CERT_LOCALLY');
    expect(chainProblem(leaf, [middle], { ...anchors, authorities: [] }, true, Date.now())).toBe(
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    );
  });

  test('ends at a root of ours: one of our authorities in between is none', () => {
    expect(chainProblem(leaf, [], { ...anchors, authorities: [middle] }, true, Date.now())).toBe(
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    );
  });

  test('is looked at with its dates, or without', () => {
    for (const wallMs of [Date.now() - 5 * DAY_MS, Date.now() + 200 * DAY_MS]) {
      expect(chainProblem(leaf, [middle], anchors, true, wallMs)).toBe('CERT_HAS_EXPIRED');
      expect(chainProblem(leaf, [middle], anchors, false, wallMs)).toBeUndefined();
    }
  });

  test('is never right when a byte of a certificate is another', () => {
    const random = new SeededRandom(13);
    let read = 0;
    for (let i = 0; i < 1500; i++) {
      const changed = [Buffer.from(leaf.raw), Buffer.from(middle.raw)];
      const bytes = changed[i % 2]!;
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at]! + 1 + random.below(255)) & 255;
      let result: string | undefined = 'not read';
      try {
        const [client, authority] = changed.map((der) => new X509Certificate(der));
        read++;
        result = chainProblem(client!, [authority!], anchors, false, Date.now());
      } catch {
        result = 'not understood'; // Node.js refuses to read it, or to use its key.
      }
      expect(result).not.toBeUndefined();
    }
    expect(read).toBeGreaterThan(100);
  });
});
