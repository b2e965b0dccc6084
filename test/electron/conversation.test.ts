import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { Conversation } from '../../electron/terminal/conversation.ts';

let input: PassThrough;
let shown: string;
let commands: string[];
let conversation: Conversation;

beforeEach(() => {
  open(true);
});

function open(asks: boolean): void {
  input = new PassThrough();
  const output = new PassThrough();
  output.setEncoding('utf8').on('data', (text: string) => (shown += text));
  shown = '';
  commands = [];
  conversation = new Conversation(input, output, asks);
  conversation.onCommand((line) => commands.push(line));
}

async function type(text: string): Promise<void> {
  input.write(text);
  for (let i = 0; i < 5; i += 1) await turn();
}

const question = (name: string) => ({ detail: `about ${name}`, message: `Do ${name}?` });

test('Lines are commands, but for the one that answers an open question', async () => {
  await type('list\n\n');
  const asked = conversation.ask(question('this'));
  await type('y\n  end 2 \n');
  expect(await asked).toBe(true);
  expect(commands).toEqual(['list', '', 'end 2']);
});

test('Only y and yes are yes', async () => {
  for (const [text, yes] of [
    ['y', true],
    ['YES ', true],
    ['', false],
    ['n', false],
    ['yess', false],
    ['end 2', false],
  ] as const) {
    const asked = conversation.ask(question('this'));
    await type(`${text}\n`);
    expect(await asked, text).toBe(yes);
  }
  expect(commands).toEqual([]);
});

test('Questions come one after the other, each with its own answer, and not without end', async () => {
  const all = ['one', 'two', 'three', 'four'].map((name) => conversation.ask(question(name)));
  await expect(conversation.ask(question('five'))).rejects.toThrow('Other questions wait');
  await turn();
  expect(shown).toContain('about one\nDo one? [y/N] ');
  expect(shown).not.toContain('two');
  await type('n\n');
  expect(shown).toContain('about two\nDo two? [y/N] ');
  await type('y\nn\ny\n');
  expect(await Promise.all(all)).toEqual([false, true, false, true]);
});

test('A question that is taken back is no, and the next one is shown', async () => {
  const abort = new AbortController();
  const first = conversation.ask(question('one'), abort.signal);
  const later = new AbortController();
  const second = conversation.ask(question('two'), later.signal);
  const third = conversation.ask(question('three'));
  later.abort();
  expect(await second).toBe(false);
  expect(shown).not.toContain('three');
  abort.abort();
  expect(await first).toBe(false);
  await type('y\n');
  expect(await third).toBe(true);
  expect(await conversation.ask(question('four'), AbortSignal.abort())).toBe(false);
});

test('What is said while a question is open does not hide it', async () => {
  void conversation.ask(question('this'));
  conversation.say('Session 2 began.');
  await turn();
  expect(shown).toMatch(/\[y\/N\] \nSession 2 began\.\nDo this\? \[y\/N\] $/);
});

test('Nothing of a question steers the terminal', async () => {
  void conversation.ask({ detail: 'run\u001b[2K\u009b1A\u202e\rx', message: 'now\u0007?' });
  await turn();
  expect(shown).toBe('\nrun<U+001B>[2K<U+009B>1A<U+202E><U+000D>x\nnow<U+0007>? [y/N] ');
});

test('The end of the terminal is no, and nobody is asked any more', async () => {
  const asked = conversation.ask(question('this'));
  input.end();
  expect(await asked).toBe(false);
  await expect(conversation.ask(question('that'))).rejects.toThrow('no terminal');
});

test('A pipe gives commands and no answers', async () => {
  open(false);
  await expect(conversation.ask(question('this'))).rejects.toThrow('no terminal');
  await type('y\n');
  expect(commands).toEqual(['y']);
});
