/** Theme and language: kept in the browser's own storage, which may be absent. */
import type { Lang } from '../../shared/ipc.ts';
import { setLang } from '../i18n/index.svelte.ts';

export type Theme = 'system' | 'light' | 'dark';

function load(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function save(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A private window keeps nothing; the choice then lasts as long as the page.
  }
}

/** What the user chose of language and theme, for a page that is not the app's. */
export function chosenWords(): { lang: string | null; theme: string | null } {
  return { lang: load('bulkhead.lang'), theme: load('bulkhead.theme') };
}

class Settings {
  theme = $state<Theme>('system');
  #systemDark = $state(false);
  /** What is shown. */
  readonly shown: 'light' | 'dark' = $derived(
    this.theme === 'system' ? (this.#systemDark ? 'dark' : 'light') : this.theme,
  );

  /** Reads what was kept and follows the system's colour scheme. */
  boot(): void {
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#systemDark = query.matches;
    query.addEventListener('change', () => {
      this.#systemDark = query.matches;
      this.#apply();
    });
    const theme = load('bulkhead.theme');
    if (theme === 'light' || theme === 'dark') this.theme = theme;
    const kept = load('bulkhead.lang');
    setLang(kept === 'ko' || kept === 'en' ? kept : navigator.language.startsWith('ko') ? 'ko' : 'en');
    this.#apply();
  }

  /** system → light → dark → system */
  cycleTheme(): void {
    this.theme = this.theme === 'system' ? 'light' : this.theme === 'light' ? 'dark' : 'system';
    save('bulkhead.theme', this.theme);
    this.#apply();
  }

  chooseLang(lang: Lang): void {
    setLang(lang);
    save('bulkhead.lang', lang);
  }

  #apply(): void {
    document.documentElement.dataset['theme'] = this.shown;
  }
}

export const settings = new Settings();
