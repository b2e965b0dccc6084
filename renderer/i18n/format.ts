/** Turns a message and its parameters into text: pure, so that both languages can be tested without a page. */

export type Message = string | { one?: string; other: string };
export type Param = string | number;

/** Names in braces of a message: `'{n} of {total}'` → `'n' | 'total'`. */
export type ParamNames<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;
/** The text of a message that names its parameters. */
export type TextOf<M> = M extends string ? M : M extends { other: infer S extends string } ? S : never;

const numbers = new Map<string, Intl.NumberFormat>();

/** A whole number with the language's grouping. */
export function formatNumber(value: number, lang: string): string {
  let format = numbers.get(lang);
  if (!format) numbers.set(lang, (format = new Intl.NumberFormat(lang)));
  return format.format(value);
}

/**
 * A share as percent. Never rounds a remainder away: something that is not nothing is at least "<1%", and not
 * quite everything is at most ">99%", because "0%" and "100%" are claims.
 */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 1) return '<1%';
  if (part < whole && percent > 99) return '>99%';
  return `${Math.round(percent)}%`;
}

/**
 * Fills a message in.
 * @param message the text, or its plural forms chosen by the parameter `n`
 * @param params values for the names in braces; numbers are grouped as the language does
 */
export function fill(message: Message, params: Readonly<Record<string, Param>>, lang: string): string {
  let text: string;
  if (typeof message === 'string') text = message;
  else {
    const n = params['n'];
    const form = typeof n === 'number' ? new Intl.PluralRules(lang).select(n) : 'other';
    text = (form === 'one' && message.one) || message.other;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? formatNumber(value, lang) : value;
  });
}
