/** Which kubeconfig files and folders were added in the app, kept from one start to the next. Paths only, no content. */
import { z } from 'zod';
import { KeptList } from '../keptList.ts';

const format = z.strictObject({ version: z.literal(1), kubeconfigs: z.array(z.string()) });

function listIn(file: string): KeptList<z.infer<typeof format>> {
  return new KeptList(file, format, { version: 1, kubeconfigs: [] });
}

/**
 * The paths that were added, in their order; none where the file is not there or is none of ours.
 * @param file where they are kept
 */
export async function readAdded(file: string): Promise<string[]> {
  return (await listIn(file).read()).kubeconfigs;
}

/**
 * Adds a path to what is kept, or takes one off: what another window or process changed meanwhile stays. Never throws:
 * what cannot be kept is there until the end of the run, and the next start does not know it.
 * @param file where they are kept
 * @param change absolute paths
 */
export async function changeAdded(file: string, change: { add: string } | { remove: string }): Promise<void> {
  await listIn(file).change(({ kubeconfigs }) => {
    const others = kubeconfigs.filter((one) => one !== ('add' in change ? change.add : change.remove));
    return { version: 1, kubeconfigs: 'add' in change ? [...others, change.add] : others };
  });
}
