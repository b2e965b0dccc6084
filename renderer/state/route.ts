/** Where in the window we are, as text after the `#`: a place can be linked to, and Back works. */

export const VIEWS = [
  'start',
  'overview',
  'pods',
  'egress',
  'heatmap',
  'explain',
  'findings',
  'changes',
  'history',
] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  params: Readonly<Record<string, string>>;
}

/**
 * Reads a location hash such as `#/pods?group=none`.
 * @returns the route; anything unknown is the start
 */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const view = VIEWS.find((name) => name === path) ?? 'start';
  const params: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(query)) if (value !== '') params[key] = value;
  return { view, params };
}

/**
 * The hash of a route; empty parameters are left out and names are sorted, so that equal places have equal links.
 */
export function formatRoute(route: Route): string {
  const entries = Object.entries(route.params)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const query = new URLSearchParams(entries).toString();
  return `#/${route.view}${query ? `?${query}` : ''}`;
}
