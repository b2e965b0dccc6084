import { describe, expect, test } from 'vitest';
import { startArguments, startSource } from '../../electron/start.ts';

describe('The command line of the window', () => {
  test('takes every source that the terminal takes', () => {
    expect(startArguments(['--demo']).source).toEqual({ kind: 'demo' });
    expect(startArguments(['--snapshot', 's.json']).source).toEqual({ kind: 'snapshot', path: 's.json' });
    expect(startArguments(['--from', 'a', 'b', '--from=c']).source).toEqual({
      kind: 'manifests',
      paths: ['a', 'c', 'b'],
    });
    expect(startArguments(['--context', 'prod']).source).toEqual({ kind: 'context', name: 'prod' });
    expect(startArguments(['--context', 'prod', '--kubeconfig', 'k']).source).toEqual({
      kind: 'context',
      name: 'prod',
      file: 'k',
    });
  });

  test('leaves the switches of Chromium and the folder of the app alone', () => {
    expect(
      startArguments(['/opt/app', '--from', 'a', '--inspect=0', '--ozone-platform', 'wayland']).source,
    ).toEqual({
      kind: 'manifests',
      paths: ['a', 'wayland'],
    });
    expect(startArguments(['/opt/app', '--disable-gpu']).source).toBe(null);
  });

  test('names another history and other kubeconfigs', () => {
    expect(startArguments(['--history', 'h.sqlite', '--kubeconfig=a', '--kubeconfig', 'b'])).toEqual({
      source: null,
      kubeconfig: ['a', 'b'],
      history: 'h.sqlite',
      insecureTokens: [],
      allowExec: false,
    });
    expect(startArguments(['--insecure-token', 'a', '--allow-exec'])).toMatchObject({
      insecureTokens: ['a'],
      allowExec: true,
    });
  });
});

describe('What a start opens on', () => {
  test('is the built-in cluster, with a notice, where there is no kubeconfig at all', () => {
    expect(startSource(null, { contexts: [], files: [] })).toEqual({
      start: { kind: 'demo' },
      notice: 'no-kubeconfig',
    });
  });

  test('is the choice of a source where a kubeconfig is there but broken: the demo would hide that', () => {
    expect(startSource(null, { contexts: [], files: [{ path: '/k', problem: 'not YAML' }] })).toEqual({
      start: null,
      notice: null,
    });
  });

  test('is what the command line asks for', () => {
    const source = { kind: 'manifests' as const, paths: ['a'] };
    expect(startSource(source, { contexts: [], files: [] })).toEqual({ start: source, notice: null });
  });
});
