/** What specs on the stand-in do not show: for a real Electron, by the same specs. */
export const NOT_SHOWN = [
  'context isolation',
  'the sandbox',
  'fuses',
  'native menus',
  'real dialogs',
  'permission handlers',
  'navigation guards',
  'the single-instance lock',
  'webRequest',
];
