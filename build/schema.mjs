/**
 * Writes the published JSON Schemas (build/schema/*.json) from their definition in shared/report/schema.ts. Run it
 * with the project's Node after a change there: `npx node build/schema.mjs`. A test fails when they differ.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { SCHEMAS, publishedSchema } from '../shared/report/schema.ts';
import { fromRoot } from './paths.mjs';
import style from './prettier.config.mjs';

mkdirSync(fromRoot('build/schema'), { recursive: true });
for (const file of Object.keys(SCHEMAS)) {
  const schema = publishedSchema(/** @type {keyof typeof SCHEMAS} */ (file));
  const text = await format(JSON.stringify(schema), { ...style, plugins: [], parser: 'json' });
  writeFileSync(fromRoot(`build/schema/${file}`), text);
}
