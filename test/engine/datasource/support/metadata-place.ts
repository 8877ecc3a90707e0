import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { FabricServer } from './fabric-server.ts';
import { MetadataServer, type Mood } from './metadata-server.ts';
import { ObjectStoreServer, type StoresOptions } from './object-store-server.ts';
import { type Asked, type Platform, type PlatformId, platforms } from './platforms.ts';

export type PlaceCommand =
  | {
      readonly kind: 'serve';
      readonly platform: PlatformId;
      readonly addresses: readonly string[];
      readonly mood: Mood;
    }
  /** The object stores of Amazon and Google, and beside them a cloud's metadata service with what it has for this machine. */
  | {
      readonly kind: 'objects';
      readonly platform: PlatformId;
      readonly documents: Readonly<Record<string, string>>;
      readonly stores: StoresOptions;
      readonly mood: Mood;
    }
  /** Azure's fabric; the status answers reports. */
  | { readonly kind: 'fabric'; readonly statuses: readonly number[] }
  /** Somebody who should never be asked. */
  | { readonly kind: 'stranger'; readonly address: string }
  | { readonly kind: 'stop' };

export interface PlaceAnswer {
  readonly asked: readonly Asked[];
}

/*
 * The services of a place as a program, for a network namespace of its own: a command a line on stdin, as JSON; each is answered
 * by a line with what was asked until then.
 */
let server: { asked: Asked[]; close: () => Promise<void> } | undefined;
const others: Asked[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as PlaceCommand;
  if (command.kind === 'serve') {
    const service = new MetadataServer(platforms[command.platform], command.mood);
    await service.listen(command.addresses);
    server = service;
  } else if (command.kind === 'objects') {
    const { documents, addresses } = platforms[command.platform] as Platform;
    const known = { ...platforms[command.platform], documents: { ...documents, ...command.documents } };
    const service = new MetadataServer(known, command.mood);
    const stores = new ObjectStoreServer(command.stores);
    await service.listen([addresses.v4 ?? '']);
    await stores.listen('192.0.2.1');
    server = {
      asked: stores.asked,
      close: async () => {
        await Promise.all([service.close(), stores.close()]);
      },
    };
  } else if (command.kind === 'fabric') {
    const fabric = new FabricServer(command.statuses);
    await fabric.listen('168.63.129.16');
    server = fabric;
  } else if (command.kind === 'stranger') {
    const stranger = createServer(({ method = '', url = '' }, response) => {
      others.push({ method, url, headers: {}, body: '', remotePort: 0 });
      response.end('instance-id: stranger');
    });
    await new Promise<void>((resolve) => stranger.listen(80, command.address, resolve));
  }
  const asked = [...(server?.asked ?? []), ...others];
  if (command.kind === 'stop') {
    await server?.close();
    server = undefined;
  }
  process.stdout.write(`${JSON.stringify({ asked } satisfies PlaceAnswer)}\n`);
}
process.exit();
