import { type CommandConfig, type CommandsConfig, noCommands } from '../commands-config.ts';
import type { HostConfig } from '../host-config.ts';
import { filled, map, type Written, type WrittenMap } from './written.ts';

/** What a host runs. Scripts have no key: they come as parts of their own, and are left out. */
export function writeCommands({ commands = noCommands, vendorData }: HostConfig): WrittenMap {
  const { early, late, phoneHome, finalMessage, power, vendorPrefix } = commands;
  return {
    bootcmd: filled(early.map(writeCommand)),
    runcmd: filled(late.map(writeCommand)),
    phone_home: phoneHome === undefined ? undefined : { ...phoneHome },
    final_message: finalMessage,
    power_state: power === undefined ? undefined : writePower(power),
    vendor_data: map({ enabled: vendorData, prefix: filled(vendorPrefix) }),
  };
}

function writeCommand(command: CommandConfig): string | readonly string[] {
  return command.kind === 'shell' ? command.text : command.args;
}

function writePower({ mode, delayMinutes, message, timeoutSeconds, condition }: Power): Written {
  return {
    ...{ mode, delay: delayMinutes, message, timeout: timeoutSeconds },
    condition: typeof condition === 'boolean' ? condition : writeCommand(condition),
  };
}

type Power = NonNullable<CommandsConfig['power']>;
