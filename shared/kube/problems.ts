/**
 * What reading can meet, by check id, with the severity of the finding that it becomes (see the list of bad
 * input below S27). Parameters are plain data; `report/messages` puts them into words.
 *
 * Common to all: `place` names file, document, line and column where they are known, and `object` the object.
 * `treatment` in the parameters says what happened: 'left-out' (the object or document takes no part) or
 * 'kept' (it takes part as far as it could be read).
 *
 * Parameters by id
 * - `input.unparsable` {message}: the document is neither YAML nor JSON; line and column are the error's.
 * - `input.helm-template` {message}: the same, and it looks like an unrendered Helm template.
 * - `input.alias-bomb` {}: YAML aliases would expand without measure; the document is left out.
 * - `input.too-large` {bytes, limit}: the file was not read.
 * - `input.unreadable` {reason}: the file or folder could not be opened; reason is the system's code (EACCES).
 * - `input.link-loop` {path}: a symbolic link leads back into a folder that was read already; not followed.
 * - `input.duplicate-key` {key, treatment}: a mapping has the key twice. The last one counts, as for kubectl, which
 *   says nothing of it; stricter tools refuse the document.
 * - `input.duplicate` {file, document, line}: an object of the same kind, namespace and name stands at the
 *   named place as well, with other content. The later one counts (as after `kubectl apply`), and the
 *   problem's own place is that later one. overlays: where only one of the two is deployed, and which is not known.
 * - `input.duplicate-identical` {file, document, line}: the same, but both say the same.
 * - `input.yaml-letter-name` {treatment}: a Namespace is named by an unquoted `y` or `n`, which kubectl refuses; the
 *   letter is read as the letter in the whole file (S19).
 * - `input.yaml-boolean` {value, count, treatment}: an unquoted `y` or `n`, which is a boolean, as for kubectl, and as a
 *   key the text `true` or `false`. count: how many in the document; the place is the first.
 * - `input.after-end` {treatment}: a document behind `...` without a `---` between: kubectl drops it without a word.
 * - `input.no-name` {kind, treatment}: metadata.name is missing.
 * - `input.api-version` {kind, apiVersion, current, treatment}: a version that current API servers refuse.
 * - `input.invalid-object` {field, reason, value?, treatment}: the API refuses the object for this field.
 *   reason: 'not-an-object', 'not-a-list', 'not-a-string', 'not-a-number', 'not-a-boolean', 'out-of-range',
 *   'with-a-point' (JSON: the API takes `80.0` for no integer), 'unknown-value', 'bad-name', 'bad-label-key', 'bad-label-value', 'bad-annotation-key', 'selector-mismatch',
 *   'too-deep'.
 * - `input.unknown-field` {field, treatment}: the API does not know the field and drops it (S27).
 * - `input.unknown-kind` {kind, meant}: no such kind, but it looks like one that matters.
 * - `input.workload-kind` {kind, apiVersion, labels?}: an object of a kind that is known to bring pods, or that has a pod
 *   template: its pods are not in the audit. labels: those of its pod template as `key=value,…`, where it has one.
 * - `input.deployer` {kind, apiVersion, target?}: an object for which a controller deploys the objects of a chart or a repository
 *   (HelmRelease, Application): pods that were not read, and perhaps policies.
 * - `input.no-kind` {apiVersion}: an object without a kind, which kubectl refuses.
 * - `input.unfilled` {kind, variable}: a policy that holds a variable (`${name}`, of Flux or envsubst) that was not filled in.
 * - `input.generator` {kind, apiVersion}: a policy of Kyverno that generates NetworkPolicies, which were not read.
 * - `input.openshift-template` {apiVersion, kinds, file}: a Template of OpenShift, whose objects were not processed.
 * - `input.name-label` {value}: a namespace gives the label kubernetes.io/metadata.name another value than its
 *   name; the API server overwrites it with the name, and so do we (S19).
 * - `input.partial-list` {remaining}: a saved list ends with a continue token: it holds only the first part.
 * - `input.not-an-item` {field}: an entry of a list that is no Kubernetes object.
 * - `input.kustomize` {folder, changes, command}: the folder's kustomization changes what its files say, or adds to it;
 *   they were read as they stand. changes: the fields of the kustomization that do, and what was not read.
 * - `input.patch` {kind, command}: a file or document that is a part of an object: it takes no part in the audit.
 * - `input.component` {kind, command}: a file of a Kustomize component: only a kustomization that includes it deploys it.
 * - `input.moved-policy` {kind, command}: a kustomization puts the policy into another namespace than its file says, and not
 *   together with everything there: it takes no part in the audit.
 * - `input.unlisted` {kind, kustomization, command, treatment}: the file lies in the folder of a kustomization, and no
 *   kustomization lists it. A policy is left out; other objects (kind: all of the file's) are kept.
 * - `input.some-overlays` {kind, overlays, others, command}: of several overlays that share files or objects only some deploy
 *   the policy: it takes no part in the audit.
 * - `input.helm-chart` {folder, files, command}: a Helm chart: its templates take no part in the audit.
 * - `input.not-rendered` {folder, message}: the folder was to be rendered, and its program failed.
 * - `input.no-objects` {}: nothing that was read is a namespace, pod, workload or policy: there is nothing to audit.
 */
export const PROBLEM_CHECKS = {
  'input.unparsable': 'high',
  'input.helm-template': 'high',
  'input.alias-bomb': 'high',
  'input.too-large': 'high',
  'input.unreadable': 'high',
  'input.link-loop': 'low',
  'input.duplicate-key': 'high',
  'input.duplicate': 'high',
  'input.duplicate-identical': 'low',
  'input.yaml-boolean': 'low',
  'input.yaml-letter-name': 'high',
  'input.after-end': 'high',
  'input.no-name': 'high',
  'input.api-version': 'high',
  'input.invalid-object': 'high',
  'input.unknown-field': 'high',
  'input.unknown-kind': 'medium',
  'input.workload-kind': 'medium',
  'input.deployer': 'medium',
  'input.no-kind': 'high',
  'input.unfilled': 'high',
  'input.generator': 'medium',
  'input.openshift-template': 'high',
  'input.name-label': 'low',
  'input.partial-list': 'high',
  'input.not-an-item': 'medium',
  'input.kustomize': 'medium',
  'input.patch': 'medium',
  'input.component': 'medium',
  'input.moved-policy': 'medium',
  'input.unlisted': 'medium',
  'input.some-overlays': 'medium',
  'input.helm-chart': 'high',
  'input.not-rendered': 'high',
  'input.no-objects': 'high',
} as const satisfies Record<string, 'critical' | 'high' | 'medium' | 'low' | 'info'>;

export type ProblemCheck = keyof typeof PROBLEM_CHECKS;

/** The check ids in a stable order. */
export const PROBLEM_IDS = Object.keys(PROBLEM_CHECKS) as ProblemCheck[];
