// A gRPC service of raw bytes, its server and a client, without .proto files.
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  Server,
  type ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceError,
  type StatusObject,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Address } from './objects.ts';

const same = (bytes: Buffer): Buffer => bytes;
const CODEC = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};
const SERVICE = {
  show: { path: '/test.Echo/Show', requestStream: false, responseStream: false, ...CODEC },
  fail: { path: '/test.Echo/Fail', requestStream: false, responseStream: false, ...CODEC },
  chat: { path: '/test.Echo/Chat', requestStream: true, responseStream: true, ...CODEC },
} as const;

/** What Show answers. */
export interface Shown {
  readonly message: string;
  /** Of the Pod. */
  readonly address: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface GrpcPod extends Address {
  stop(): void;
}

/**
 * Show answers with the message and metadata it got, and a trailer; Fail with NOT_FOUND and nothing else; Chat says the Pod's
 * address as metadata, repeats each message as it comes and ends with the client.
 */
export async function startGrpc(address: string, transport: ServerCredentials, wanted = 0): Promise<GrpcPod> {
  const trailer = new Metadata();
  trailer.set('x-trailer', 'kept');
  const place = new Metadata();
  place.set('x-address', address);
  const server = new Server();
  server.addService(SERVICE, {
    show: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
      const shown: Shown = { message: call.request.toString(), address, metadata: call.metadata.getMap() };
      answer(null, Buffer.from(JSON.stringify(shown)), trailer);
    },
    fail: (_call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
      answer({ code: status.NOT_FOUND, details: 'no such thing', metadata: trailer });
    },
    chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
      call.sendMetadata(place);
      call.on('data', (message: Buffer) => call.write(message));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:${wanted}`, transport, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { address, port, stop: () => server.forceShutdown() };
}

export interface UnaryAnswer {
  /** Null when the call failed. */
  readonly message: Buffer | null;
  readonly status: StatusObject;
}

export interface GrpcClient {
  call(method: 'show' | 'fail', message: string, metadata?: Readonly<Record<string, string>>): Promise<UnaryAnswer>;
  chat(): ClientDuplexStream<Buffer, Buffer>;
  close(): void;
}

/** A client of a host behind nginx's HTTPS port; `root` is the certificate it trusts. */
export function openGrpc(port: number, host: string, root: string): GrpcClient {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(root)), {
    'grpc.ssl_target_name_override': host,
    'grpc.default_authority': host,
  });
  return {
    call: (method, message, metadata = {}) =>
      new Promise((resolve) => {
        const sent = new Metadata();
        for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
        let answer: Buffer | null = null;
        const call = client.makeUnaryRequest<Buffer, Buffer>(
          SERVICE[method].path,
          same,
          same,
          Buffer.from(message),
          sent,
          (_error: ServiceError | null, value?: Buffer) => {
            answer = value ?? null;
          },
        );
        call.on('status', (final: StatusObject) => resolve({ message: answer, status: final }));
      }),
    chat: () => client.makeBidiStreamRequest<Buffer, Buffer>(SERVICE.chat.path, same, same),
    close: () => client.close(),
  };
}
