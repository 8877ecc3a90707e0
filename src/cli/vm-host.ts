import { join } from 'node:path';
import { openApi, type SshTarget } from '../../image/vm/ssh.ts';
import { VirtualMachine } from '../../image/vm/virtual-machine.ts';
import { type StoredVm, VmStore, vmDirectory } from '../../image/vm/vm-store.ts';
import { BerthError } from '../core/errors.ts';
import { AgentClient } from './client.ts';
import type { CliContext } from './context.ts';
import { hostSocket } from './sockets.ts';

/** The name of the VM when none is said. */
export const defaultVmName = 'berth';

/** Where the console container of a host lets people in. */
export const sshPort = 22;

/** A VM as this command line finds it. */
export interface VmHandle {
  readonly store: VmStore;
  readonly stored: StoredVm;
  readonly vm: VirtualMachine;
}

/** This person's VMs. */
export function vmStore({ env }: Pick<CliContext, 'env'>): VmStore {
  return new VmStore(vmDirectory(env));
}

/** The file that remembers whether KVM works here. */
export function acceleratorMemory(store: VmStore): string {
  return join(store.directory, '.kvm');
}

/** Throws NOT_FOUND, USAGE (the name). */
export async function openVm(context: Pick<CliContext, 'env'>, name: string): Promise<VmHandle> {
  const store = vmStore(context);
  const stored = await store.get(name);
  return { store, stored, vm: new VirtualMachine(stored.spec, store.files(name)) };
}

/** How ssh reaches a VM. Throws UNSUPPORTED when nobody there has our key, or it has no network. */
export function sshTarget({ stored, vm }: Pick<VmHandle, 'stored' | 'vm'>): SshTarget {
  const { loginUser, spec } = stored;
  const port =
    spec.network.kind === 'user'
      ? spec.network.forwards.find(({ guestPort }) => guestPort === sshPort)?.hostPort
      : undefined;
  if (port === undefined) throw new BerthError('UNSUPPORTED', `no port of this machine leads to the VM ${spec.name}`);
  if (loginUser === undefined) {
    throw new BerthError('UNSUPPORTED', `nobody in the config of ${spec.name} has the key that berth up made`, {
      hint: `log in with a key of your own: ssh -p ${port} USER@127.0.0.1`,
    });
  }
  return { files: vm.files, port, user: loginUser };
}

/**
 * The socket of this machine that leads to the API of a running VM.
 * Throws NOT_FOUND, UNSUPPORTED, AGENT_UNREACHABLE when it is off or does not let us in (yet).
 */
export async function vmSocket(context: Pick<CliContext, 'env' | 'program'>, name: string): Promise<string> {
  const handle = await openVm(context, name);
  const target = sshTarget(handle);
  if ((await handle.vm.process()) === undefined) {
    throw new BerthError('AGENT_UNREACHABLE', `the VM ${name} does not run`, {
      hint: `${context.program} up --name ${name}`,
    });
  }
  return openApi(target, hostSocket);
}

/** The agent in a running VM. Throws as {@link vmSocket} does. */
export async function vmClient(context: Pick<CliContext, 'env' | 'program'>, name: string): Promise<AgentClient> {
  return new AgentClient(await vmSocket(context, name), context.program);
}
