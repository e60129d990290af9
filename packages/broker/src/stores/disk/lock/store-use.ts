import type { LockHolder } from './lock-holder.ts';

/** What is known of who uses a store. */
export type StoreUse =
  /** A process has it. */
  | { readonly kind: 'held'; readonly holder: LockHolder }
  /** A process has it, or is about to, and does not answer: it is stopped, or hangs. */
  | { readonly kind: 'silent' }
  /** Nobody has it. */
  | { readonly kind: 'free' }
  /** It cannot be told where it lies, such as on a network file system. */
  | { readonly kind: 'unknown' };
