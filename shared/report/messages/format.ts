/** Filling words in: the one place where a message's `{name}` becomes a value. */

export type Lang = 'en' | 'ko';
export const LANGS: readonly Lang[] = ['en', 'ko'];

export interface CheckWords {
  /** A short name of what was found; no full stop. */
  title: string;
  /** What it means here; may use the finding's parameters as `{name}`. */
  text: string;
  /** What to do about it. */
  advice: string;
}

const HOLE = /\{(\w+)\}/g;

/**
 * A message with its `{name}` holes filled.
 * @param template the message
 * @param params values by name; a hole without a value becomes '?', so that a gap is seen and nothing throws
 */
export function fill(
  template: string,
  params: Readonly<Record<string, string | number | undefined>>,
): string {
  return template.replace(HOLE, (_, name: string) => {
    const value = params[name];
    return value === undefined ? '?' : String(value);
  });
}

/** The names of a message's holes, in order of first use. Tests compare them with what a check gives. */
export function holes(template: string): string[] {
  return [...new Set([...template.matchAll(HOLE)].map((match) => match[1]!))];
}
