/**
 * Servers that break below HTTP, by name, each a TCP server on loopback:
 *
 * - `silent`: takes the connection and says nothing. As an https server its TLS handshake never ends; as a proxy it never
 *   answers CONNECT or the SOCKS greeting.
 * - `endless-header`: one header line without end, as fast as it is taken.
 * - `header-drip`: the same, a byte at a time.
 * - `endless-informational`: one `103 Early Hints` after the other, and no answer.
 * - `chunk-drip`: an answer whose first chunk has an extension without end: bytes come, and nothing of the body.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export type RawBehaviour =
  'silent' | 'endless-header' | 'header-drip' | 'endless-informational' | 'chunk-drip';

export interface RawServer {
  port: number;
  /** Connections that stand right now. */
  readonly open: number;
  close(): Promise<void>;
}

/** Starts one on a free port. */
export async function startRaw(behaviour: RawBehaviour): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    // Read, or the other side's end is never seen.
    socket.resume();
    const every = (ms: number, piece: string): void => {
      const timer = setInterval(() => socket.write(piece), ms);
      socket.on('close', () => clearInterval(timer));
    };
    socket.once('data', () => {
      switch (behaviour) {
        case 'silent':
          return;
        case 'endless-header':
          socket.write('HTTP/1.1 200 OK\r\nx-endless: ');
          return every(1, 'x'.repeat(16 * 1024));
        case 'header-drip':
          socket.write('HTTP/1.1 200 OK\r\nx-endless: ');
          return every(20, 'x');
        case 'endless-informational':
          return every(5, 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
        case 'chunk-drip':
          socket.write(
            'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1;x=',
          );
          return every(20, 'x');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
