import { printModel } from '../compose/read-model.ts';
import type { ConnectivityConfig, HostConfig } from '../host-config.ts';
import { isMapping } from '../shape.ts';
import { writeEngines } from './engines.ts';
import { writeLuks, writeRaid } from './storage.ts';
import { writeUpdate } from './update.ts';
import { filled, map, type Written, type WrittenMap } from './written.ts';

/** The block `berth`, without the services in `elsewhere`, which another key enables. */
export function writeBerthBlock(config: HostConfig, elsewhere: readonly string[]): WrittenMap | undefined {
  const { connectivity, console, report } = config;
  return map({
    enable: filled(config.enable.filter((name) => !elsewhere.includes(name))),
    sysctl: map(config.sysctl),
    modules: filled(config.modules),
    kernel: map({
      arguments: filled(config.kernelArguments?.present ?? []),
      absent_arguments: filled(config.kernelArguments?.absent ?? []),
    }),
    raid: map(Object.fromEntries(config.storage.raid.map((array) => [array.name, writeRaid(array)]))),
    luks: map(Object.fromEntries((config.storage.luks ?? []).flatMap(writeLuks))),
    ...writeConnectivity(connectivity),
    console: console.passwordHash === undefined ? undefined : { password_hash: console.passwordHash },
    report: report.url === undefined ? undefined : { url: report.url },
    engines: writeEngines(config.engines),
    image_archives: filled(config.imageArchives),
    update: writeUpdate(config.update),
    ...writeCompose(config),
  });
}

function writeConnectivity({ dns, proxy, caCertificates, registries }: ConnectivityConfig): WrittenMap {
  return {
    dns: map({ servers: filled(dns.servers), search: filled(dns.search), options: filled(dns.options) }),
    proxy: map({ http: proxy.http, https: proxy.https, no_proxy: filled(proxy.noProxy) }),
    ca_certificates: filled(caCertificates),
    registries: map(
      Object.fromEntries(
        Object.entries(registries).map(([host, { username, password, mirrors, insecure }]) => [
          host,
          map({ username, password, mirrors: filled(mirrors), insecure: insecure ? true : undefined }) ?? {},
        ]),
      ),
    ),
  };
}

/** Services and what belongs to them, in Compose's long forms; a dollar sign stands for itself when it is doubled. */
function writeCompose({ compose }: HostConfig): WrittenMap {
  const printed = complete(printModel(compose), compose) as Readonly<Record<string, WrittenMap>>;
  return Object.fromEntries(
    Object.entries(printed)
      .filter(([, entries]) => Object.keys(entries).length > 0)
      .map(([part, entries]) => [part, doubled(entries)]),
  );
}

/** `docker compose config` leaves out what is empty or the default; here it stays, so that the model is the same again. */
function complete(printed: unknown, model: unknown): unknown {
  if (Array.isArray(printed) && Array.isArray(model)) {
    return printed.map((item: unknown, index) => complete(item, model[index]));
  }
  if (!isMapping(printed) || !isMapping(model)) return printed;
  const left = Object.entries(model).filter(([key]) => !Object.hasOwn(printed, key));
  const kept = Object.entries(printed).map(([key, value]) => [key, complete(value, model[key])] as const);
  return Object.fromEntries([...kept, ...left]);
}

function doubled(value: Written | undefined): Written {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (value === undefined || value === null || typeof value !== 'object') return value ?? null;
  if (isList(value)) return value.map(doubled);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, doubled(member)] as const])),
  );
}

function isList(value: object): value is readonly Written[] {
  return Array.isArray(value);
}
