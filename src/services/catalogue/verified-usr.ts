import type { ComposeModel } from '../../config/service-spec.ts';

/**
 * A catalogue service as it runs on the OS image: its image holds only what is outside /usr, and its /usr is a directory of
 * the verified file system, mounted read-only. So nothing is unpacked at boot, and dm-verity checks every program. Pure.
 * @param usr the directory; absolute.
 */
export function onVerifiedUsr(model: ComposeModel, name: string, usr: string): ComposeModel {
  const service = model.services[name];
  if (service === undefined) return model;
  const mount = { type: 'bind', source: usr, target: '/usr', read_only: true } as const;
  // First: others are mounted on places in it.
  const volumes = [mount, ...(service.volumes ?? [])];
  return { ...model, services: { ...model.services, [name]: { ...service, volumes } } };
}
