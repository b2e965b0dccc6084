/** The menu bar: the system's own items by their roles, and ours as commands to the page. */
import { Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';
import type { Events, Lang } from '../shared/ipc.ts';

type Command = Events['menu.command']['command'];

const LABELS = {
  en: {
    file: '&File',
    'new-audit': 'New Audit',
    'export-pdf': 'Export PDF…',
    'export-csv': 'Export CSV…',
    edit: '&Edit',
    find: 'Find…',
    view: '&View',
    history: 'History',
    help: '&Help',
    about: 'About Bulkhead',
  },
  ko: {
    file: '파일(&F)',
    'new-audit': '새 감사',
    'export-pdf': 'PDF로 내보내기…',
    'export-csv': 'CSV로 내보내기…',
    edit: '편집(&E)',
    find: '찾기…',
    view: '보기(&V)',
    history: '기록',
    help: '도움말(&H)',
    about: 'Bulkhead 정보',
  },
} satisfies Record<Lang, Record<Command | 'file' | 'edit' | 'view' | 'help', string>>;

/**
 * Sets the application's menu.
 * @param send tells the page which command was chosen
 * @param mac whether this is macOS, where the first menu is the app's
 * @param lang the system's language, as the items that have a role are in it too
 * @param development whether there are DevTools
 */
export function setMenu(
  send: (command: Command) => void,
  mac: boolean,
  lang: Lang,
  development: boolean,
): void {
  // macOS has no access keys in its menu bar.
  const bar = (name: 'file' | 'edit' | 'view' | 'help'): string =>
    mac ? LABELS[lang][name].replace(/\(&\w\)|&/, '') : LABELS[lang][name];
  const item = (command: Command, accelerator?: string): MenuItemConstructorOptions => ({
    label: LABELS[lang][command],
    id: command,
    ...(accelerator === undefined ? {} : { accelerator }),
    click: () => send(command),
  });
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: bar('file'),
      submenu: [
        item('new-audit', 'CmdOrCtrl+N'),
        { type: 'separator' },
        item('export-pdf', 'CmdOrCtrl+P'),
        item('export-csv', 'CmdOrCtrl+Shift+E'),
        { type: 'separator' },
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    {
      label: bar('edit'),
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
        { type: 'separator' },
        item('find', 'CmdOrCtrl+F'),
      ],
    },
    {
      label: bar('view'),
      submenu: [
        item('history', 'CmdOrCtrl+Y'),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...(development ? [{ role: 'toggleDevTools' } as const] : []),
      ],
    },
    { role: 'windowMenu' },
    { label: bar('help'), role: 'help', submenu: [item('about')] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
