/** Objects as YAML text that Kubernetes tools read back as the same objects. The one writer of such text. */
import { Document, Scalar, visit } from 'yaml';

/** Text that no reader of YAML, 1.1 or 1.2, takes for anything but text; all else is written in quotes. */
const PLAIN = /^[A-Za-z][A-Za-z0-9._/-]*$/;
/**
 * Words of that form which some reader takes for a boolean, null, a number or a merge. kubectl reads YAML 1.1 and a
 * little more: `e2` is a number to it as well.
 */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|infinity|e[-+0-9._]*)$/i;

/**
 * Objects as one YAML text, a document each.
 * @param manifests plain data, as JSON could hold it
 */
export function manifestText(...manifests: unknown[]): string {
  return manifests.map(one).join('---\n');
}

function one(manifest: unknown): string {
  const document = new Document(manifest, { aliasDuplicateObjects: false });
  visit(document, {
    // Keys too: a label may be called `on`.
    Scalar(_, node) {
      if (typeof node.value !== 'string') return;
      if (!PLAIN.test(node.value) || WORDS.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  // Never folded: a text that is cut over two lines is hard to compare by eye.
  return document.toString({ lineWidth: 0 });
}
