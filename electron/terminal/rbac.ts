import { auditRoleYaml } from '../cluster/rbac.ts';
import { writeResult } from './output.ts';

/** `bulkhead rbac`: the rights that a full audit needs, as YAML. */
export async function rbac(name: string | undefined): Promise<number> {
  await writeResult(undefined, [auditRoleYaml(name)]);
  return 0;
}
