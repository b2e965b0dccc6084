/** What the user is asked before a kubeconfig's program is run: by the desktop, or in a terminal. */
import type { ExecQuestion } from './cluster/permit.ts';

export interface LoginQuestion {
  message: string;
  detail: string;
  yes: string;
  no: string;
}

/** What is longer pushes the answers out of sight, or hides what counts among what does not. */
const MAX_CHARACTERS = 4000;
const MAX_LINES = 40;

const WORDS = {
  en: {
    message: 'Run this program to log in?',
    from: 'A kubeconfig wants this program to be run. It may do all that you may do.',
    kubeconfig: 'Kubeconfig',
    user: 'User',
    command: 'Command',
    path: 'Resolved path',
    args: 'Arguments',
    env: 'Environment',
    server: 'Its credential goes to',
    proxy: 'Through the proxy',
    insecure: 'The certificate of the server is not verified.',
    remembered: 'A yes is remembered for exactly this; “bulkhead logins revoke” takes it back.',
    yes: 'Run',
    no: 'Cancel',
  },
  ko: {
    message: '로그인을 위해 이 프로그램을 실행할까요?',
    from: 'kubeconfig가 이 프로그램의 실행을 요구합니다. 프로그램은 사용자의 모든 권한으로 실행됩니다.',
    kubeconfig: 'Kubeconfig',
    user: '사용자',
    command: '명령',
    path: '실제 경로',
    args: '인수',
    env: '환경 변수',
    server: '자격 증명을 보낼 서버',
    proxy: '거치는 프록시',
    insecure: '서버의 인증서를 확인하지 않습니다.',
    remembered: '허용하면 정확히 이 내용에 한해 기억하며, “bulkhead logins revoke”로 취소할 수 있습니다.',
    yes: '실행',
    no: '취소',
  },
};

/**
 * The question that names all that decides what would happen.
 * @param question about a program
 * @param lang of the desktop; a terminal speaks English
 */
export function loginQuestion(question: ExecQuestion, lang: 'en' | 'ko'): LoginQuestion {
  const w = WORDS[lang];
  const lines = [
    w.from,
    '',
    `${w.kubeconfig}: ${visible(question.kubeconfig)}`,
    `${w.user}: ${visible(question.user)}`,
    `${w.command}: ${visible(question.command)}`,
    `${w.path}: ${visible(question.path)}`,
    ...listed(w.args, question.args.map(quoted)),
    ...listed(
      w.env,
      question.env.map(({ name, value }) => `${visible(name)}=${quoted(value)}`),
    ),
    `${w.server}: ${visible(question.server)}`,
    ...(question.proxy === null ? [] : [`${w.proxy}: ${visible(question.proxy)}`]),
    ...(question.insecure ? [w.insecure] : []),
    '',
    w.remembered,
  ];
  return { message: w.message, detail: lines.join('\n'), yes: w.yes, no: w.no };
}

/** Whether the question can be shown whole. */
export function fitsQuestion(question: ExecQuestion): boolean {
  const { detail } = loginQuestion(question, 'en');
  return detail.length <= MAX_CHARACTERS && detail.split('\n').length <= MAX_LINES;
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** An argument: quoted where its ends could not be told otherwise. */
function quoted(text: string): string {
  const shown = visible(text);
  return /^[\w@%+=:,./-]+$/.test(text) ? shown : `"${shown.replace(/["\\]/g, '\\$&')}"`;
}

/** Text in which nothing is invisible: control and direction characters, unusual spaces and blanks as `<U+XXXX>`. */
export function visible(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}\p{M}\u115f\u1160\u3164\uffa0\u2800]|(?! )\p{Zs}/gu,
    (mark) => `<U+${mark.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`,
  );
}
