/** What the user is asked before a folder is rendered for the window: by the desktop, or in the terminal of `serve`. */
import type { RenderFolder } from './plan.ts';
import { shownCommand } from './render.ts';

export interface RenderQuestion {
  message: string;
  detail: string;
  yes: string;
  no: string;
}

/** More commands and addresses than this are counted, so that the answers stay in sight. */
const MAX_LINES = 12;

function lines(all: readonly string[], more: (count: number) => string): string {
  const shown = all.slice(0, MAX_LINES).map((one) => `  ${one}`);
  if (all.length > MAX_LINES) shown.push(`  ${more(all.length - MAX_LINES)}`);
  return shown.join('\n');
}

/**
 * The question that names what would run and what it would fetch.
 * @param folders as planned
 * @param lang of the desktop; the terminal speaks English
 */
export function renderQuestion(folders: readonly RenderFolder[], lang: 'en' | 'ko'): RenderQuestion {
  const commands = folders.map(shownCommand);
  const remote = [...new Set(folders.flatMap((one) => one.remote))];
  if (lang === 'ko') {
    const more = (count: number): string => `외 ${count}개`;
    return {
      message: '이 컴퓨터에 있는 프로그램으로 렌더링할까요?',
      detail:
        `실행할 명령:\n${lines(commands, more)}` +
        (remote.length > 0
          ? `\n\n내려받을 곳:\n${lines(remote, more)}`
          : '\n\n네트워크에서 내려받는 것은 없습니다.'),
      yes: '렌더링',
      no: '취소',
    };
  }
  const more = (count: number): string => `and ${count} more`;
  return {
    message: 'Render with the programs of this machine?',
    detail:
      `This would run:\n${lines(commands, more)}` +
      (remote.length > 0
        ? `\n\nand fetch:\n${lines(remote, more)}`
        : '\n\nNothing is fetched from the network.'),
    yes: 'Render',
    no: 'Cancel',
  };
}
