/**
 * SHA-256 in the forms weir writes down. One-shot `crypto.hash` is two to four times faster than
 * createHash at these sizes (it exists since Node 20.12).
 */
import { hash } from 'node:crypto';

/** 64 lower-case hex digits of the UTF-8 bytes of a text, or of bytes. */
export const sha256Hex = (data: string | Uint8Array): string => hash('sha256', data);

/** The 32 bytes; by way of a one-byte string, which is 40 % cheaper than a Buffer out of `hash`. */
export const sha256Bytes = (data: string | Uint8Array): Buffer =>
  Buffer.from(hash('sha256', data, 'binary'), 'latin1');

/** The first 32 hex digits (128 bits), the short form of ids in the platform's contracts. */
export const sha256Hex32 = (data: string | Uint8Array): string => hash('sha256', data).slice(0, 32);
