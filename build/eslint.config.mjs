import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import ts from 'typescript-eslint';
import { ROOT } from './paths.mjs';
import { roomsRule } from './rooms.mjs';

export default defineConfig(
  {
    // The folder that patterns start from, although this file lies in build/.
    basePath: ROOT,
    ignores: [
      'node_modules/',
      'dist/',
      'release/',
      'test-results/',
      'playwright-report/',
      'coverage/',
      'test/**/fixtures/',
      'test/**/golden/',
    ],
  },
  js.configs.recommended,
  ts.configs.recommended,
  svelte.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // TypeScript itself knows what is defined.
      'no-undef': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      // Plain collections that are never read in markup are not meant to be reactive.
      'svelte/prefer-svelte-reactivity': 'off',
      eqeqeq: ['error', 'always'],
    },
  },
  {
    plugins: { bulkhead: { rules: { rooms: roomsRule } } },
    rules: { 'bulkhead/rooms': 'error' },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser }, globals: globals.browser },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
    rules: {
      '@typescript-eslint/no-require-imports': 'off',
      // It expects modules.
      'svelte/no-inner-declarations': 'off',
      'no-var': 'off',
      'prefer-const': 'off',
    },
  },
  {
    // A promise that nobody waits for is an error that nobody sees; only these rules need types.
    files: ['electron/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: ROOT } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
    },
  },
);
