/** The window's own words in the chosen language. Reading `t` in a component follows a change of language. */
import type { Lang } from '../../shared/ipc.ts';
import { words } from '../../shared/report/words.ts';
import type { Messages } from '../../shared/report/messages/en.ts';
import { en } from './en.ts';
import { fill, formatNumber, formatShare, type Param, type ParamNames, type TextOf } from './format.ts';
import { ko } from './ko.ts';

export type MessageKey = keyof typeof en;
type Params<K extends MessageKey> = ParamNames<TextOf<(typeof en)[K]>>;
type Args<K extends MessageKey> = [Params<K>] extends [never] ? [] : [params: Record<Params<K>, Param>];

const TABLES = { en, ko };
const locale = $state<{ lang: Lang }>({ lang: 'en' });

/** The language that is shown. */
export function lang(): Lang {
  return locale.lang;
}

/** Changes the language; everything on the page follows. */
export function setLang(next: Lang): void {
  locale.lang = next;
  document.documentElement.lang = next;
}

/** The text of a message key; its parameters are checked by type. */
export function t<K extends MessageKey>(key: K, ...args: Args<K>): string {
  return fill(TABLES[locale.lang][key], args[0] ?? {}, locale.lang);
}

/** A message whose key is put together at run time (`warning.${x}`), or the fallback where there is none. */
export function tDynamic(key: string, fallback: string, params: Record<string, Param> = {}): string {
  const table: Record<string, unknown> = TABLES[locale.lang];
  return key in table ? fill(table[key] as string, params, locale.lang) : fallback;
}

/** A whole number, grouped. */
export function num(value: number): string {
  return formatNumber(value, locale.lang);
}

/** The words of results, which the window shares with the reports. */
export function domain(): Messages {
  return words(locale.lang);
}

/** The same text with a capital at its start, for a word that stands alone. */
export function cap(text: string): string {
  return text.charAt(0).toLocaleUpperCase(locale.lang) + text.slice(1);
}

/** Percent of a whole; see formatShare. */
export function percent(part: number, whole: number): string {
  return formatShare(part, whole);
}

/** Date and time in the language's short form. */
export function when(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat(locale.lang, { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}

/** The time of day, with its date where that is not today. */
export function clock(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime()) || date.toDateString() !== new Date().toDateString()) return when(iso);
  return new Intl.DateTimeFormat(locale.lang, { timeStyle: 'short' }).format(date);
}
