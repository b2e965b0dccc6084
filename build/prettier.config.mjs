/** @type {import('prettier').Config} */
export default {
  singleQuote: true,
  printWidth: 110,
  semi: true,
  trailingComma: 'all',
  plugins: ['prettier-plugin-svelte'],
  overrides: [{ files: '*.svelte', options: { parser: 'svelte' } }],
};
