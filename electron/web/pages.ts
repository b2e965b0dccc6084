/** The two pages of `serve` that are not the app's: the one that brings a tab its key, and the one for who has none. */
import { KEY_ITEM } from '../../shared/web.ts';
import type { LockedReason } from '../../shared/web.ts';

type Lang = 'en' | 'ko';

const TITLE: Record<LockedReason, Record<Lang, string>> = {
  tab: { en: 'This tab has no key', ko: '이 탭에는 열쇠가 없습니다' },
  ended: { en: 'This session has ended', ko: '이 세션은 끝났습니다' },
  none: { en: 'Bulkhead is locked here', ko: '이 브라우저에는 Bulkhead가 잠겨 있습니다' },
  used: { en: 'This address was used already', ko: '이미 사용한 주소입니다' },
  expired: { en: 'This address is too old', ko: '유효 시간이 지난 주소입니다' },
  withdrawn: { en: 'This address was withdrawn', ko: '취소된 주소입니다' },
  unknown: { en: 'This is no address of Bulkhead', ko: 'Bulkhead가 만든 주소가 아닙니다' },
};

const HAPPENED: Record<LockedReason, Record<Lang, string>> = {
  tab: {
    en: 'Bulkhead stays in the tab that it was opened in. A copied link or a new tab does not carry the key of that tab, so that nothing else on this machine can use it.',
    ko: 'Bulkhead는 처음 연 탭에서만 동작합니다. 복사한 링크나 새 탭에는 그 탭의 열쇠가 따라오지 않으므로, 이 컴퓨터의 다른 프로그램이나 페이지가 대신 사용할 수 없습니다.',
  },
  ended: {
    en: 'It was ended in the terminal or by newer ones, its cookie is gone, or Bulkhead was started again. What was audited stays in the history.',
    ko: '터미널에서 끝냈거나 새 세션에 밀려났거나, 쿠키가 지워졌거나, Bulkhead가 다시 시작되었습니다. 감사 결과는 기록에 남아 있습니다.',
  },
  none: {
    en: 'This browser has not come in by an address from the terminal, or its session has ended.',
    ko: '이 브라우저는 터미널에 표시된 주소로 들어오지 않았거나, 세션이 이미 끝났습니다.',
  },
  used: {
    en: 'Each address works once. If it was not you who used it, end that session in the terminal: “list” shows it, “end” and its number ends it.',
    ko: '주소는 한 번만 쓸 수 있습니다. 직접 사용한 것이 아니라면 터미널에서 그 세션을 끝내세요. “list”로 확인하고 “end”와 번호로 끝낼 수 있습니다.',
  },
  expired: {
    en: 'Each address works for ten minutes, and only the newest few wait.',
    ko: '주소는 10분 동안만 유효하며, 가장 최근의 몇 개만 사용할 수 있습니다.',
  },
  withdrawn: {
    en: 'Something on this machine tried many addresses that are none, so those that waited were withdrawn.',
    ko: '이 컴퓨터의 무언가가 잘못된 주소를 여러 번 시도하여, 대기 중이던 주소를 모두 취소했습니다.',
  },
  unknown: {
    en: 'It may be of an earlier start, or was not copied whole.',
    ko: '이전에 시작했을 때의 주소이거나, 일부만 복사된 주소일 수 있습니다.',
  },
};

const STEPS: Record<Lang, string[]> = {
  en: [
    'Go to the terminal where <code>bulkhead serve</code> runs.',
    'Press <kbd>Enter</kbd> there: it prints a new address.',
    'Open that address in this browser.',
  ],
  ko: [
    '<code>bulkhead serve</code>를 실행한 터미널로 갑니다.',
    '그곳에서 <kbd>Enter</kbd> 키를 누르면 새 주소가 나옵니다.',
    '그 주소를 이 브라우저에서 엽니다.',
  ],
};

const WORDS: Record<Lang, { todo: string; without: string }> = {
  en: {
    todo: 'To open Bulkhead here',
    without:
      'Does it run without a terminal? <code>kill -USR1</code> with its process number has the address printed where its messages go.',
  },
  ko: {
    todo: '여기서 Bulkhead를 열려면',
    without:
      '터미널 없이 실행 중이라면 <code>kill -USR1</code>과 프로세스 번호를 사용하세요. 메시지가 출력되는 곳에 새 주소가 나옵니다.',
  },
};

// The colours of renderer/ui/tokens.css; this page has no file of the app to take them from.
const STYLE = `
:root { color-scheme: light dark; --text: light-dark(#1a1e23, #e8eaed); --muted: light-dark(#515b66, #a9b1bb);
  --line: light-dark(#e2e6ea, #2a2f36); --card: light-dark(#ffffff, #1c1f24); --sunken: light-dark(#f5f6f8, #121417);
  --accent: light-dark(#1763b0, #6cb0ee); --sign: light-dark(#eaf3fb, #16293a); }
:root[data-theme='light'] { color-scheme: light; }
:root[data-theme='dark'] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--sunken);
  color: var(--text); font: 15px/1.55 system-ui, -apple-system, 'Segoe UI', Inter, Roboto, 'Apple SD Gothic Neo',
  'Malgun Gothic', 'Noto Sans KR', 'Noto Sans CJK KR', sans-serif; word-break: keep-all; overflow-wrap: anywhere; }
main { width: min(520px, 100%); padding: 36px 40px 28px; border: 1px solid var(--line); border-radius: 12px;
  background: var(--card); box-shadow: 0 8px 28px rgb(0 0 0 / 8%); }
.sign { display: grid; place-items: center; width: 48px; height: 48px; margin-bottom: 20px; border-radius: 50%;
  background: var(--sign); color: var(--accent); }
h1 { margin: 0 0 8px; font-size: 21px; line-height: 1.3; }
h2 { margin: 24px 0 8px; font-size: 13px; color: var(--muted); }
p { margin: 0; }
ol { margin: 0; padding: 0; list-style: none; counter-reset: step; }
li { counter-increment: step; position: relative; padding: 5px 0 5px 36px; }
li::before { content: counter(step); position: absolute; left: 0; top: 5px; width: 24px; height: 24px;
  border-radius: 50%; background: var(--sign); color: var(--accent); font-size: 13px; font-weight: 600;
  line-height: 24px; text-align: center; }
code, kbd { padding: 1px 6px; border: 1px solid var(--line); border-radius: 5px; background: var(--sunken);
  font: 0.88em ui-monospace, 'SF Mono', 'Cascadia Mono', Consolas, 'Liberation Mono', monospace; }
kbd { border-bottom-width: 2px; }
.small { margin-top: 20px; padding-top: 16px; border-top: 1px solid var(--line); font-size: 13px; color: var(--muted); }
`;

const LOCK =
  '<svg width="22" height="22" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4" ' +
  'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
  '<rect x="3" y="7" width="10" height="6.5" rx="1.5"/><path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2M8 9.6v1.4"/></svg>';

/**
 * The page for who has no key: what happened, and what to do. It says nothing of what is audited.
 * @param why what happened
 * @param lang of the words
 * @param theme as chosen in the app; null follows the system
 * @param nonce of the answer's policy
 */
export function lockedPage(
  why: LockedReason,
  lang: Lang,
  theme: 'light' | 'dark' | null,
  nonce: string,
): string {
  const words = WORDS[lang];
  return (
    `<!doctype html><html lang="${lang}"${theme ? ` data-theme="${theme}"` : ''}><head><meta charset="utf-8">` +
    '<meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<link rel="icon" href="data:,"><title>${TITLE[why][lang]} – Bulkhead</title>` +
    `<style nonce="${nonce}">${STYLE}</style></head>` +
    `<body><main data-testid="locked" data-why="${why}"><div class="sign">${LOCK}</div>` +
    `<h1>${TITLE[why][lang]}</h1><p>${HAPPENED[why][lang]}</p>` +
    `<h2>${words.todo}</h2><ol>${STEPS[lang].map((step) => `<li>${step}</li>`).join('')}</ol>` +
    // Windows has no such signal.
    (process.platform === 'win32' ? '' : `<p class="small">${words.without}</p>`) +
    '</main></body></html>'
  );
}

/**
 * The page that a one-time address answers: it puts the key into the tab's own storage and goes on. A page of our own,
 * not a redirect: where a page of another site held the link, a redirect would still be that site's navigation and go
 * without the cookie.
 * @param key of the session
 * @param nonce of the answer's policy
 */
export function enteredPage(key: string, nonce: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Bulkhead</title>' +
    `<script nonce="${nonce}">sessionStorage.setItem('${KEY_ITEM}','${key}');location.replace('/');</script></head>` +
    '<body><noscript>Bulkhead needs JavaScript. 자바스크립트가 필요합니다.</noscript></body></html>'
  );
}

/**
 * The language to answer in, of those that there are.
 * @param chosen by the app, where it asks
 * @param accepted header `Accept-Language`
 */
export function languageOf(chosen: string | null, accepted: string | undefined): Lang {
  if (chosen === 'ko' || chosen === 'en') return chosen;
  const languages = (accepted ?? '').split(',').map((one) => one.trim().slice(0, 2).toLowerCase());
  return languages.find((one) => one === 'ko' || one === 'en') === 'ko' ? 'ko' : 'en';
}
