/**
 * Text of a file or an API answer. UTF-8, or UTF-16 where a byte order mark says so (PowerShell's `>` writes that);
 * the mark itself is dropped. Where bytes are no text, each of them becomes U+0000, which no manifest may hold, so
 * that the parser names the place: read as U+FFFD they would pass inside a value or a comment.
 * @param bytes the whole file
 */
export function decodeText(bytes: ArrayBuffer | Uint8Array): string {
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  if (view[0] === 0xff && view[1] === 0xfe) return new TextDecoder('utf-16le').decode(view);
  if (view[0] === 0xfe && view[1] === 0xff) return new TextDecoder('utf-16be').decode(view);
  const text = new TextDecoder('utf-8').decode(view);
  if (!text.includes('\ufffd')) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(view);
  } catch {
    return text.replaceAll('\ufffd', '\0');
  }
}
