/** The menu bar: the system's own items by their roles, and ours as commands to the page. */
import { Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';
import type { Events } from '../shared/ipc.ts';

type Command = Events['menu.command']['command'];

/**
 * Sets the application's menu.
 * @param send tells the page which command was chosen
 * @param mac whether this is macOS, where the first menu is the app's
 */
export function setMenu(send: (command: Command) => void, mac: boolean): void {
  const item = (label: string, command: Command, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    id: command,
    ...(accelerator ? { accelerator } : {}),
    click: () => send(command),
  });
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        item('New Audit', 'new-audit', 'CmdOrCtrl+N'),
        { type: 'separator' },
        item('Export PDF…', 'export-pdf', 'CmdOrCtrl+P'),
        item('Export CSV…', 'export-csv', 'CmdOrCtrl+Shift+E'),
        { type: 'separator' },
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    {
      label: '&Edit',
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
        { type: 'separator' },
        item('Find…', 'find', 'CmdOrCtrl+F'),
      ],
    },
    {
      label: '&View',
      submenu: [
        item('History', 'history', 'CmdOrCtrl+Y'),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        { role: 'toggleDevTools' },
      ],
    },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
