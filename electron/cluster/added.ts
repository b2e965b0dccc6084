/** Which kubeconfig files and folders were added in the app, kept from one start to the next. Paths only, no content. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const format = z.strictObject({ version: z.literal(1), kubeconfigs: z.array(z.string()) });

/**
 * The paths that were added, in their order; none where the file is not there or is none of ours.
 * @param file where they are kept
 */
export async function readAdded(file: string): Promise<string[]> {
  try {
    return format.parse(JSON.parse(await readFile(file, 'utf8'))).kubeconfigs;
  } catch {
    return [];
  }
}

/**
 * Keeps them. Never throws: what cannot be kept is there until the end of the run, and the next start does not know it.
 * @param file where they are kept
 * @param paths absolute
 */
export async function writeAdded(file: string, paths: readonly string[]): Promise<void> {
  const text = JSON.stringify({ version: 1, kubeconfigs: [...paths] } satisfies z.infer<typeof format>);
  try {
    await mkdir(path.dirname(file), { recursive: true });
    // Replaced as a whole: a second window that reads it meanwhile sees the old one or the new one.
    await writeFile(`${file}.new`, text, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch {
    // See above.
  }
}
